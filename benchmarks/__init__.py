"""The measurements of docs/performance.md: `python -m benchmarks`. Real agent, real store, simulated Jenkins and Slack.

Each module measures one part of the line against its floor or its target, in one run on one machine, so that ratios and
counts mean something elsewhere. Linux only: memory and processor time of the agent are read from /proc.
"""
