-- Give a leased lane back, or keep it.
-- plan.lane, plan.token  the lease
-- plan.want   how many notes the delivery covered; or plan.delay  try again after so many ms, where plan.reason
-- may say what went wrong, and plan.tell the lanes that are noted when that is new;
-- or plan.lease  keep it for so many ms
-- Answers done, or lost: the lease had run out and the lane may be somebody else's.
if redis.call('HGET', key('lease'), plan.lane) ~= plan.token then
  return {'lost'}
end
local now = clock()
if plan.lease then
  redis.call('ZADD', key('due'), now + plan.lease, plan.lane)
  return {'done'}
end
redis.call('HDEL', key('lease'), plan.lane)
if plan.delay then
  redis.call('ZADD', key('due'), now + plan.delay, plan.lane)
  if plan.reason then
    local known = redis.call('HGET', key('failing'), plan.lane) or ''
    local at = string.format('%.0f', now)
    local since, last = string.match(known, '^(%d+) %d+ (.*)$')
    redis.call('HSET', key('failing'), plan.lane, (since or at) .. ' ' .. at .. ' ' .. plan.reason)
    if last ~= plan.reason then
      for _, lane in ipairs(plan.tell) do
        note(lane, now)
      end
    end
  end
  return {'done'}
end
redis.call('HDEL', key('tries'), plan.lane)
redis.call('HDEL', key('failing'), plan.lane)
if tonumber(redis.call('HGET', key('want'), plan.lane) or '0') ~= plan.want then
  redis.call('ZADD', key('due'), now, plan.lane)
  redis.call('ZADD', key('since'), now, plan.lane)
  return {'done'}
end
redis.call('ZREM', key('due'), plan.lane)
redis.call('ZREM', key('since'), plan.lane)
redis.call('HDEL', key('want'), plan.lane)
if string.sub(plan.lane, 1, 6) == 'alert:' then
  redis.call('DEL', key(plan.lane))
end
return {'done'}
