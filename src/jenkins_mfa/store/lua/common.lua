-- In front of every script: the plan, the clock, and lanes.
-- KEYS[1]  {mfa}:schema, which also tells the cluster where to run; every other key has the same tag
-- ARGV[1]  the plan, MessagePack (text as str: cmsgpack knows no bin): what the script's own header lists, and
--          `offset` (ms, 0 in production)
local plan = cmsgpack.unpack(ARGV[1])
local prefix = string.sub(KEYS[1], 1, -7)

local function key(name)
  return prefix .. name
end

-- One clock for all replicas: ms since the epoch.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000) + plan.offset
end

-- Something is to be delivered in a lane, which waits since then. One in somebody's hands, or parked, only counts it.
local function note(lane, since)
  redis.call('HINCRBY', key('want'), lane, 1)
  local busy = redis.call('HEXISTS', key('lease'), lane) + redis.call('HEXISTS', key('parked'), lane)
  if busy == 0 and redis.call('ZADD', key('due'), 'LT', since, lane) == 1 then
    redis.call('ZADD', key('since'), clock(), lane)
  end
end
