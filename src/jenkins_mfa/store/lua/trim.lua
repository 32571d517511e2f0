-- Take the oldest events out of the trail; they are elsewhere.
-- plan.first  the oldest event that the caller knows of;  plan.last, plan.hash  the newest that goes
-- plan.gates  {name, count}: how many of these are of which gate;  plan.base  the signed place of plan.last
-- Answers done, or conflict: somebody else was faster, or the trail is another one.
local oldest = redis.call('XRANGE', key('audit'), '-', '+', 'COUNT', 1)[1]
local newest = redis.call('XRANGE', key('audit'), plan.last .. '-0', plan.last .. '-0')[1]
local head = tonumber(redis.call('HGET', key('audit:head'), 'seq') or '0')
if not oldest or oldest[1] ~= plan.first .. '-0' or not newest or head <= plan.last then
  return {'conflict'}
end
local hash
for position = 1, #newest[2], 2 do
  if newest[2][position] == 'hash' then
    hash = newest[2][position + 1]
  end
end
if hash ~= plan.hash then
  return {'conflict'}
end
redis.call('SET', key('audit:base'), plan.base)
redis.call('XTRIM', key('audit'), 'MINID', (plan.last + 1) .. '-0')
for _, gate in ipairs(plan.gates) do
  redis.call('LPOP', key('trail:' .. gate.name), gate.count)
end
return {'done'}
