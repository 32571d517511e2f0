"""The console: what waits, what was, who can answer; for people of the roster who have signed in."""
