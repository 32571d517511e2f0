"""What is wrong with one TOML file: where it stands, and what was seen there, in a line for people."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path as File

from jenkins_mfa.failures import lower
from jenkins_mfa.toml_lines import Path, lines_of

HALF = "end of document"  #: where the parser says that it stopped, when a file ends too early


@dataclass(slots=True)
class Problems:
    """What is wrong with one file, in the order found."""

    file: str
    text: str = ""
    found: list[str] = field(default_factory=list)
    lines: dict[Path, int] | None = None

    def add(self, where: str, what: str, path: Path = ()) -> None:
        """Note a problem at a table or key; the line of the nearest thing that is written there is told."""
        line = self._line(path)
        told = f"{self.file}{f' line {line}' if line else ''} {where}: {what}".replace(" :", ":")
        self.found.append("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in told))

    def _line(self, path: Path) -> int:
        if path and self.lines is None:
            self.lines = {}
            with suppress(RecursionError):
                self.lines = lines_of(self.text)
        lines = self.lines or {}
        return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 0)


def seen(value: object) -> str:
    """A value as TOML writes it, with its kind; long texts by their length, addresses without their password."""
    kinds = {
        bool: "true or false",
        int: "number",
        float: "number",
        str: "text",
        list: "list",
        dict: "table",
    }
    if isinstance(value, str) and len(value) > 60:
        return f"a text of {len(value)} characters"
    return f"{shown(value)} ({kinds.get(type(value), type(value).__name__)})"


def shown(value: object) -> str:
    """A value in 200 characters at most."""
    try:
        written = json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        written = "…"
    return re.sub(r"//[^/]*@", "//***@", written)[:200]


def not_toml(path: File, told: str) -> str:
    """The parser's own sentence, with the place where all problems have it."""
    what, _, place = told.removesuffix(")").partition(" (at ")
    line, _, column = place.partition(", ")
    half = "; mend: it ends in the middle: write the rest, or take it from a backup" if line == HALF else ""
    return f"{path} {line}: not TOML{f' at {column}' if column else ''}: {lower(what).replace(chr(39), chr(34))}{half}"
