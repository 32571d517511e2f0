"""`30d`, `12h`, `2026-11-01`, `payments/*`: how far back a command looks, until when, and at which pipelines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from jenkins_mfa.core.policy import globs

_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Moment:
    """`ago` ms before the present, or, where that is None, `at` (ms UTC)."""

    ago: int | None
    at: int = 0

    def ms(self, now: int) -> int:
        """The moment in ms UTC, never before 1970."""
        return self.at if self.ago is None else max(0, now - self.ago)


class When(click.ParamType[Moment]):
    """A span before the present, or the first moment of a date in UTC."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        """Read it."""
        text = str(value)
        ago = _span(text)
        if ago is not None:
            return Moment(ago)
        if not _DATE.fullmatch(text):
            self.fail(f"{text!r} is no moment; allowed: such as 90m, 12h, 30d, 4w, 2026-11-01", param, ctx)
        try:
            at = int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
        except ValueError:
            self.fail(f"{text!r} is no day of the calendar", param, ctx)
        return Moment(None, max(0, at))


def _span(text: str) -> int | None:
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", text)
    return int(match[1]) * _UNITS[match[2]] if match else None


class Glob(click.ParamType[str]):
    """A glob over names of pipelines."""

    name = "GLOB"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take one that can match."""
        wrong = globs.problem(value)
        if wrong:
            self.fail(f"“{value}” {wrong}; allowed: * ? [abc] [!abc], such as payments/*", param, ctx)
        return str(value)
