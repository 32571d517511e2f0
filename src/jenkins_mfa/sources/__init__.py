"""CI systems that the agent serves, one package each; they know nothing of one another."""
