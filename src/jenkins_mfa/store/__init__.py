"""The state in Redis or Valkey: one script writes a step, lanes say what to deliver, a stream keeps the trail."""
