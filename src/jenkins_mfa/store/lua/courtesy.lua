-- One of several does what all could do. Nothing that must be right rests on it.
-- plan.name  what is done;  plan.holder  who asks;  plan.ms  for how long it would be theirs
-- Answers 1 if it is theirs now, else 0.
local now = clock()
local held = redis.call('HGET', key('courtesy'), plan.name)
if held then
  local holder, ends = string.match(held, '^(%S+) (%d+)$')
  if holder ~= plan.holder and tonumber(ends or '0') > now then
    return 0
  end
end
redis.call('HSET', key('courtesy'), plan.name, string.format('%s %d', plan.holder, now + plan.ms))
return 1
