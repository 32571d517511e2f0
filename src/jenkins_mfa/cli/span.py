"""`30d`, `12h`: how far back a command looks."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


class Span(click.ParamType[int]):
    """A number and its unit (m, h, d, w), as milliseconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it; a default that is a number already stays."""
        match = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", str(value))
        if match is None:
            self.fail(f"{value!r} is no span; allowed: such as 90m, 12h, 30d, 4w", param, ctx)
        return int(match[1]) * _UNITS[match[2]]
