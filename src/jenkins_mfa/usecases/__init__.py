"""What the agent does, each in a paragraph: ports and `now` come as arguments, rules come from core."""
