"""The agent's own pages: what a security key needs a browser for. Only where the configuration has a `[web]`."""
