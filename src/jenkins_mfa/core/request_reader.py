"""Reads the parts of an untrusted JSON object and collects every problem, so that all are mended at once.

A sentence begins with the place, tells lengths instead of values, and says what is allowed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from jenkins_mfa.core import characters
from jenkins_mfa.core.strict_json import visible

MAX_VALUE = 200  #: characters (code points) of a value in details and variables

_T = TypeVar("_T")
_KINDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a number",
    bool: "true or false",
    type(None): "null",
}


class Reader:
    """The object at `place`. What is absent or faulty reads as empty; each fault is noted in `problems`."""

    def __init__(
        self,
        value: Mapping[str, object],
        place: str,
        problems: list[str],
        required: Sequence[str] = (),
        optional: Sequence[str] = (),
    ) -> None:
        self.problems = problems
        self._value = value
        self._place = place
        for key in required:
            if key not in value:
                self.problem(key, "is missing.")
        known = sorted([*required, *optional])
        for key in value:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"Nearest: {near[0]}. " if near else ""
                self.problem("", f"holds {visible(key)}, which is not known. {hint}Known: {', '.join(known)}.")

    def problem(self, key: str, says: str) -> None:
        """Note one problem of the part named `key` (of the object itself if empty)."""
        self.problems.append(f"{self._at(key)} {says}")

    def object(self, key: str, required: Sequence[str] = (), optional: Sequence[str] = ()) -> Reader:
        """The object in `key`; where there is none, one without any part and without new problems."""
        value = self._typed(key, dict, "an object")
        if value is None:
            return Reader({}, self._at(key), self.problems)
        return Reader(value, self._at(key), self.problems, required, optional)

    def text(self, key: str, most: int, least: int = 1) -> str:
        """A text of `least` to `most` characters (code points) that can be shown as it is."""
        value = self._typed(key, str, "text")
        if value is None:
            return ""
        if len(value) < least:
            self.problem(key, f"is empty; {least} to {most} characters are needed.")
        if len(value) > most:
            self.problem(key, f"is {len(value)} characters long; {most} are allowed, and nothing is cut.")
        for fault in characters.faults(value):
            self.problem(key, f"{fault}.")
        return value

    def matching(self, key: str, pattern: str) -> str:
        """A text of the form `pattern` (ASCII)."""
        value = self._typed(key, str, "text")
        if value is None:
            return ""
        if re.fullmatch(pattern, value):
            return value
        self.problem(key, f"is {len(value)} characters long and not of the form {pattern}.")
        return ""

    def one_of(self, key: str, allowed: Sequence[str]) -> str | None:
        """One of the listed words."""
        value = self._typed(key, str, "text")
        if value is None or value in allowed:
            return value
        self.problem(key, f"is not known: {', '.join(allowed)}.")
        return None

    def whole(self, key: str, least: int, most: int) -> int | None:
        """A whole number from `least` to `most`."""
        value = self._typed(key, int, f"a whole number from {least} to {most}")
        if value is None or least <= value <= most:
            return value
        self.problem(key, f"is out of range; a whole number from {least} to {most} is needed.")
        return None

    def names(self, key: str, pattern: str, least: int, most: int) -> tuple[str, ...]:
        """A list of `least` to `most` distinct names of the form `pattern`."""
        values = self._typed(key, list, "a list of names")
        if values is None:
            return ()
        if not least <= len(values) <= most:
            self.problem(key, f"has {len(values)} entries; {least} to {most} are allowed.")
        elif not all(isinstance(value, str) and re.fullmatch(pattern, value) for value in values):
            self.problem(key, f"has an entry that is not of the form {pattern}.")
        elif len(set(values)) != len(values):
            self.problem(key, "names one entry twice.")
        else:
            return tuple(values)
        return ()

    def pairs(self, key: str, pattern: str, most: int, reserved: Collection[str] = ()) -> tuple[tuple[str, str], ...]:
        """At most `most` texts by their names (of the form `pattern`), sorted by name."""
        values = self._typed(key, dict, "an object")
        if values is None:
            return ()
        if len(values) > most:
            self.problem(key, f"has {len(values)} entries; {most} are allowed.")
            return ()
        inner = Reader(values, self._at(key), self.problems, (), tuple(values))
        found = []
        for name in sorted(values):
            if not re.fullmatch(pattern, name) or name in reserved:
                taken = "is a label of the request itself" if name in reserved else f"is not of the form {pattern}"
                self.problem(key, f"has {visible(name)} as a name, which {taken}.")
            else:
                found.append((name, inner.text(name, MAX_VALUE, least=0)))
        return tuple(found)

    def _at(self, key: str) -> str:
        return ".".join(part for part in (self._place, key) if part) or "request"

    def _typed(self, key: str, kind: type[_T], needed: str) -> _T | None:
        if key not in self._value:
            return None
        value = self._value[key]
        if type(value) is kind:  # exactly: True is an int in Python, and no number in JSON
            return value
        self.problem(key, f"is {_KINDS[type(value)]}; {needed} is needed.")
        return None
