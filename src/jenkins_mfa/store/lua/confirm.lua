-- Whether a record is still the one that was read; then a write, so that a WAIT after it covers all that came before.
-- plan.record  its key;  plan.version  the version that was read
-- Answers done, or conflict.
if redis.call('HGET', key(plan.record), 'version') ~= string.format('%d', plan.version) then
  return {'conflict'}
end
redis.call('SET', key('fence'), plan.record)
return {'done'}
