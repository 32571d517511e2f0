"""What `check` prints: a line for what is right of a subject, and one for each finding, with its mend below it."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass, replace
from itertools import groupby

import click

from jenkins_mfa.cli.base import print_json
from jenkins_mfa.cli.catalogue import FINDINGS, Severity
from jenkins_mfa.shipped import shipped
from jenkins_mfa.words import render

INDENT = 23  #: columns before the sentences


@dataclass(frozen=True, slots=True)
class Part:
    """One finding: its id in the catalogue, whether what it is about is right, what was seen, and the mend.

    A `brief` one is said in a few words, in one line with all of its subject that are right.
    """

    id: str
    ok: bool
    says: str
    mend: str = ""
    named: str = ""
    brief: bool = False

    @property
    def subject(self) -> str:
        """What it is about: the first word of its id, unless it is named otherwise."""
        return self.named or self.id.partition(".")[0]

    @property
    def severity(self) -> Severity:
        """Information where it is right."""
        return Severity.INFORMATION if self.ok else FINDINGS[self.id][0]

    @property
    def link(self) -> str:
        """Where the docs tell of it."""
        return FINDINGS[self.id][1]


def count(number: int, what: str) -> str:
    """A number with its word, as in `1 person`, `2 people`."""
    plural = {"person": "people"}.get(what, f"{what}s")
    return f"{number} {what if number == 1 else plural}"


def report(parts: list[Part], as_json: bool) -> None:
    """Print all parts and their sum."""
    wrong = [part for part in parts if not part.ok]
    if as_json:
        found = [part.severity for part in parts]
        summary = {name: found.count(severity) for name, severity in _SUMMARY.items()}
        print_json({"ok": not wrong, "summary": summary, "findings": [_row(part) for part in parts]})
        return
    shown = [replace(part, says=_visible(part.says), mend=_visible(part.mend)) for part in parts]
    for brief, some in groupby(shown, key=lambda part: part.subject if part.ok and part.brief else ""):
        if brief:
            _line("right", brief, ", ".join(part.says for part in some))
        for part in () if brief else some:
            _shown(part)
    if wrong:
        click.echo(f"These docs are in {shipped('docs')}.")
    click.echo(f"{count(len(wrong), 'finding')}. Nothing was changed." if wrong else "All right.")


def _visible(text: str) -> str:
    """At a terminal nothing hides or acts: heartbeats have no seal, and tell what others have answered (S12)."""
    return render.visible(text, quoted=False)


#: Names of the summary's figures.
_SUMMARY = {"errors": Severity.ERROR, "warnings": Severity.WARNING, "information": Severity.INFORMATION}


def _row(part: Part) -> dict[str, str]:
    return {
        "id": part.id,
        "severity": part.severity.value,
        "subject": part.subject,
        "evidence": part.says,
        "mend": part.mend,
        "link": part.link,
    }


def _shown(part: Part) -> None:
    _line("right" if part.ok else part.severity.value, part.subject, part.says)
    if part.mend:
        click.echo(f"{'':<8} {'mend':<13} {part.mend}")
    if not part.ok:
        click.echo(f"{'':<8} {'docs':<13} {part.link}")


def _line(word: str, subject: str, says: str) -> None:
    """A sentence is broken where the line ends, to keep the columns; a mend never is, since it is copied."""
    width = max(shutil.get_terminal_size().columns, 2 * INDENT) - INDENT
    first, *rest = textwrap.wrap(says, width, break_long_words=False, break_on_hyphens=False)
    click.echo(f"{word:<8} {subject:<13} {first}")
    for line in rest:
        click.echo(f"{'':<{INDENT}}{line}")
