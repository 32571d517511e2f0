"""A second messenger: gates are announced to a webhook. Nobody answers through it."""
