-- Lease the lane that is due first.
-- plan.token  names this lease;  plan.lease  its length in ms
-- plan.skip   names, or whole parts at the beginning of names, that are passed over
-- Answers {lane, tries, want}, or nothing.
local function skipped(lane)
  for _, skip in ipairs(plan.skip) do
    if lane == skip or string.sub(lane, 1, #skip + 1) == skip .. ':' then
      return true
    end
  end
  return false
end

local now, from, step = clock(), 0, 50
while true do
  local lanes = redis.call('ZRANGE', key('due'), '-inf', now, 'BYSCORE', 'LIMIT', from, step)
  for _, lane in ipairs(lanes) do
    if not skipped(lane) then
      redis.call('ZADD', key('due'), now + plan.lease, lane)
      redis.call('HSET', key('lease'), lane, plan.token)
      local tries = redis.call('HINCRBY', key('tries'), lane, 1)
      return {lane, tries, tonumber(redis.call('HGET', key('want'), lane) or '0')}
    end
  end
  if #lanes < step then
    return {}
  end
  from = from + step
end
