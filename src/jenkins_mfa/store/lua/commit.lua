-- One atomic step: records, trail, indexes, lanes and alerts together, or nothing.
-- plan.id       derived from the cause; the first record keeps it, so that a commit sent twice finds itself
-- plan.schema   the shapes that the caller knows
-- plan.records  {key, version, json, seal, gate?, waits?, until?}; until: when it goes away (ms UTC);
--               waits: {who, until} for a person, whose codes count again from then on (ms UTC; 0: they count);
--               gate: {id, ref, nonce, generation, open?, deadline?, reminder?} where it is one
-- plan.head     {seq, hash} that the entries were linked to; absent without entries
-- plan.entries  {bytes, hash, gate}
-- plan.lanes    {name, due};  plan.alerts  {lane, due, json}; due: in so many ms, below 0 where it has a start ahead
-- plan.park     {lane, token, json}: instead of records, when a lane is given up; the lease is its id
-- plan.unpark   {lane, again}: instead of records, when an operator decides about a lane that was given up
-- plan.aside    {record, json}: instead of records, when one is damaged; only once for each
-- Answers {verdict, seq, hash}: done, already, conflict, head (link again to seq and hash), lost (the lease), newer.
-- There is no rollback: whatever can go wrong is asked before the first write.

local RECENT = 1000 -- gates of which is kept when they changed last: whoever looked not long ago reads only these again

local head = redis.call('HMGET', key('audit:head'), 'seq', 'hash')
local seq, hash = tonumber(head[1] or '0'), head[2] or ''

local function answer(verdict)
  return {verdict, seq, hash}
end

local kinds = {
  audit = 'stream', changed = 'zset', changes = 'string', deadlines = 'zset', due = 'zset', failing = 'hash',
  gates = 'zset', nonces = 'hash', open = 'hash', reminders = 'zset',
  lease = 'hash', parked = 'hash', tries = 'hash', want = 'hash',
  aside = 'hash', since = 'zset', waits = 'zset',
}
for name, kind in pairs(kinds) do
  local found = redis.call('TYPE', key(name)).ok
  if found ~= kind and found ~= 'none' then
    return redis.error_reply('WRONGTYPE ' .. key(name) .. ' is a ' .. found)
  end
end
if tonumber(redis.call('GET', KEYS[1]) or '0') > plan.schema then
  return answer('newer')
end

-- What the store counts as a record's version: nothing where it is no hash, or no number stands there. A damaged
-- record can be written anew like that; only who reads records decides whether it may be.
local function stored_of(name)
  if redis.call('TYPE', key(name)).ok ~= 'hash' then
    return 0, false
  end
  local stored = redis.call('HMGET', key(name), 'version', 'commit')
  local whole = stored[1] and #stored[1] <= 15 and string.match(stored[1], '^%d+$')
  return whole and tonumber(whole) or 0, stored[2]
end

for position, record in ipairs(plan.records) do
  local version, commit = stored_of(record.key)
  if position == 1 and commit == plan.id then
    -- A write of this connection's own, or a WAIT after it would confirm nothing (Valkey).
    redis.call('SET', key('fence'), plan.id)
    return answer('already')
  end
  if version ~= record.version - 1 then
    return answer('conflict')
  end
  if record.gate and record.version == 1 then
    local known = redis.call('HGET', key(record.gate.ref), 'generation')
    if known and tonumber(known) ~= record.gate.generation - 1 then
      return answer('conflict')
    end
  end
end
if plan.aside and redis.call('HEXISTS', key('aside'), plan.aside.record) == 1 then
  redis.call('SET', key('fence'), plan.id)
  return answer('already')
end
if plan.unpark and redis.call('HEXISTS', key('parked'), plan.unpark.lane) == 0 then
  redis.call('SET', key('fence'), plan.id)
  return answer('already')
end
if plan.park and redis.call('HGET', key('lease'), plan.park.lane) ~= plan.park.token then
  return answer('lost')
end
for _, entry in ipairs(plan.entries) do
  redis.call('LLEN', key('trail:' .. entry.gate))
end
if plan.head and (seq ~= plan.head.seq or hash ~= plan.head.hash) then
  return answer('head')
end

-- From here on only writes. The stream comes first: it refuses an id that is not above its last one.
for _, entry in ipairs(plan.entries) do
  redis.call('XADD', key('audit'), (seq + 1) .. '-0', 'event', entry.bytes, 'hash', entry.hash)
  seq, hash = seq + 1, entry.hash
  redis.call('HSET', key('audit:head'), 'seq', seq, 'hash', hash)
  if entry.gate ~= '' then
    redis.call('RPUSH', key('trail:' .. entry.gate), seq)
  end
end
local now = clock()
for position, record in ipairs(plan.records) do
  if redis.call('TYPE', key(record.key)).ok ~= 'hash' then
    redis.call('DEL', key(record.key))
  end
  redis.call('HSET', key(record.key), 'version', record.version, 'json', record.json, 'seal', record.seal)
  if position == 1 then
    redis.call('HSET', key(record.key), 'commit', plan.id)
  end
  if record['until'] then
    redis.call('PEXPIRE', key(record.key), math.max(1, record['until'] - now))
  end
  if record.waits and record.waits['until'] ~= 0 then
    redis.call('ZADD', key('waits'), record.waits['until'], record.waits.who)
  elseif record.waits then
    redis.call('ZREM', key('waits'), record.waits.who)
  end
  local gate = record.gate
  if gate then
    redis.call('ZADD', key('changed'), redis.call('INCR', key('changes')), gate.id)
    for _, past in ipairs(redis.call('ZRANGE', key('changed'), 0, -(RECENT + 1))) do
      redis.call('ZREM', key('changed'), past)
    end
    redis.call('ZADD', key('gates'), 0, gate.id)
    if record.version == 1 then
      redis.call('HSET', key(gate.ref), 'gate', gate.id, 'generation', gate.generation)
      if redis.call('HEXISTS', key('nonces'), gate.nonce) == 0 then
        redis.call('HSET', key('nonces'), gate.nonce, gate.ref)
      end
    end
    if gate.open then
      redis.call('HSET', key('open'), gate.id, gate.open)
    else
      redis.call('HDEL', key('open'), gate.id)
    end
    if gate.deadline then
      redis.call('ZADD', key('deadlines'), gate.deadline, gate.id)
    else
      redis.call('ZREM', key('deadlines'), gate.id)
    end
    if gate.reminder then
      redis.call('ZADD', key('reminders'), gate.reminder, gate.id)
    else
      redis.call('ZREM', key('reminders'), gate.id)
    end
  end
end
if plan.aside then
  redis.call('HSET', key('aside'), plan.aside.record, plan.aside.json)
end
if plan.park then
  redis.call('ZREM', key('due'), plan.park.lane)
  redis.call('ZREM', key('since'), plan.park.lane)
  redis.call('HDEL', key('lease'), plan.park.lane)
  redis.call('HSET', key('parked'), plan.park.lane, plan.park.json)
end
if plan.unpark then
  local lane = plan.unpark.lane
  for _, kept in ipairs({'parked', 'tries', 'failing', 'want'}) do
    redis.call('HDEL', key(kept), lane)
  end
  if plan.unpark.again then
    note(lane, now)
  elseif string.sub(lane, 1, 6) == 'alert:' then
    redis.call('DEL', key(lane))
  end
end
for _, alert in ipairs(plan.alerts) do
  redis.call('SET', key(alert.lane), alert.json)
  note(alert.lane, now + alert.due)
end
for _, lane in ipairs(plan.lanes) do
  note(lane.name, now + lane.due)
end
return answer('done')
