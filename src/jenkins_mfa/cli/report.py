"""What `check` prints: a line for what is right of a part, and one for each finding, with its mend below it."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass

import click

from jenkins_mfa.cli.base import print_json

INDENT = 23  #: columns before the sentences


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the report."""

    part: str
    ok: bool
    says: str
    mend: str = ""


def count(number: int, what: str) -> str:
    """A number with its word, as in `1 person`, `2 people`."""
    plural = {"person": "people"}.get(what, f"{what}s")
    return f"{number} {what if number == 1 else plural}"


def report(parts: list[Part], as_json: bool) -> None:
    """Print all parts and their sum."""
    ok = all(part.ok for part in parts)
    if as_json:
        rows = [{"part": p.part, "ok": p.ok, "says": p.says} | ({"mend": p.mend} if p.mend else {}) for p in parts]
        print_json({"ok": ok, "parts": rows})
        return
    for part in parts:
        _line("right" if part.ok else "finding", part.part, part.says)
        if part.mend:
            click.echo(f"{'':<8} {'mend':<13} {part.mend}")
    findings = count(sum(not part.ok for part in parts), "finding")
    click.echo("All right." if ok else f"{findings}. Nothing was changed.")


def _line(word: str, part: str, says: str) -> None:
    """A sentence is broken where the line ends, to keep the columns; a mend never is, since it is copied."""
    width = max(shutil.get_terminal_size().columns, 2 * INDENT) - INDENT
    first, *rest = textwrap.wrap(says, width, break_long_words=False, break_on_hyphens=False)
    click.echo(f"{word:<8} {part:<13} {first}")
    for line in rest:
        click.echo(f"{'':<{INDENT}}{line}")
