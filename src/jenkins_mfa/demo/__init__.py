"""The demo: the real agent and a real store, between a simulated Jenkins, a simulated Slack and simulated phones."""
