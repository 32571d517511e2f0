-- Give a leased lane back, or keep it.
-- plan.lane, plan.token  the lease
-- plan.want   how many notes the delivery covered; or plan.delay  try again after so many ms;
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
  return {'done'}
end
redis.call('HDEL', key('tries'), plan.lane)
if tonumber(redis.call('HGET', key('want'), plan.lane) or '0') ~= plan.want then
  redis.call('ZADD', key('due'), now, plan.lane)
  return {'done'}
end
redis.call('ZREM', key('due'), plan.lane)
redis.call('HDEL', key('want'), plan.lane)
if string.sub(plan.lane, 1, 6) == 'alert:' then
  redis.call('DEL', key(plan.lane))
end
return {'done'}
