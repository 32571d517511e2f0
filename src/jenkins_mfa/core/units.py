"""Lengths of time, in ms, as moments are counted."""

DAY = 86_400_000
