"""Slack: where approvers are asked, answer, and are told. Socket Mode only."""
