"""Numbers for Prometheus: what waits, what is late, what was decided. No names of people, no builds."""
