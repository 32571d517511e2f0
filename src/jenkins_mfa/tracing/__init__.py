"""OpenTelemetry: one trace a gate, where [tracing] asks for it."""
