"""On which line of a TOML file each key, table and item of a list stands. tomllib tells values, and no places.

For texts that tomllib has read: what is not TOML is not found out here.
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]  #: keys, and positions in lists, from the root

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_QUOTED = r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
_KEY = re.compile(rf"(?:{_QUOTED}|[A-Za-z0-9_-]+)(?:[ \t]*\.[ \t]*(?:{_QUOTED}|[A-Za-z0-9_-]+))*")
#: Texts over several lines may end with up to two quotation marks of their own.
_PART = r"(?:\"[^\"\n]*+\"|'[^'\n]*+'|[A-Za-z0-9_-]++)[ \t]*+"
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:\.[ \t]*+{_PART}){{100}}")
_STRING = re.compile(rf'"""(?:[^"\\]|\\.|"(?!""))*"{{3,5}}|\'\'\'(?:[^\']|\'(?!\'\'))*\'{{3,5}}|{_QUOTED}', re.DOTALL)
_OTHER = re.compile(r"[^,\]}\n#]*")


def lines_of(text: str) -> dict[Path, int]:
    """Path → line, from 1. Tables that only follow from another's header have none."""
    return _Scanner(text).run()


def has_long_key(text: str) -> bool:
    """Whether a key of more than a hundred parts stands there: tomllib takes minutes for some thousands."""
    return _LONG_KEY.search(text) is not None


class _Scanner:
    """Goes through the text once; nothing in it is kept but where things begin."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._lists: dict[Path, int] = {}
        self._found: dict[Path, int] = {}

    def run(self) -> dict[Path, int]:
        """All lines."""
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            before = self._at
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
            if self._at == before:
                break
        return self._found

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`: the path of the table that begins; names of lists stand for their last item."""
        many = self._text.startswith("[[", self._at)
        line = self._here()
        self._at += 1 + many
        self._skip(_SPACE)
        *outer, last = self._key()
        path: Path = ()
        for part in outer:
            path = self._last((*path, part))
        path = (*path, last)
        if many:
            self._lists[path] = self._lists.get(path, -1) + 1
            self._found.setdefault(path, line)
        path = self._last(path)
        self._found[path] = line
        self._skip(_SPACE)
        self._at += 1 + many
        return path

    def _last(self, path: Path) -> Path:
        return (*path, self._lists[path]) if path in self._lists else path

    def _pair(self, table: Path) -> None:
        line = self._here()
        path = table
        for part in self._key():
            path = (*path, part)
            self._found.setdefault(path, line)
        self._skip(_SPACE)
        self._at += 1  # =
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        sign = self._text[self._at : self._at + 1]
        if sign == "[":
            self._items(path, "]")
        elif sign == "{":
            self._items(path, "}")
        elif sign in {'"', "'"}:
            self._skip(_STRING)
        else:
            self._skip(_OTHER)

    def _items(self, path: Path, end: str) -> None:
        """What is inside `[…]` or `{…}`."""
        self._at += 1
        number = 0
        self._skip(_BLANK)
        while self._text[self._at : self._at + 1] not in {end, ""}:
            before = self._at
            if end == "}":
                self._pair(path)
            else:
                self._found[*path, number] = self._here()
                self._value((*path, number))
            number += 1
            self._skip(_BLANK)
            if self._text[self._at : self._at + 1] == ",":
                self._at += 1
                self._skip(_BLANK)
            if self._at == before:
                return
        self._at += 1

    def _key(self) -> tuple[str, ...]:
        """A key with its dots, as its parts."""
        match = _KEY.match(self._text, self._at)
        written = match[0] if match else ""
        self._at += len(written)
        if re.fullmatch(r"[A-Za-z0-9_-]+", written):
            return (written,)
        parts: list[str] = []
        inner: object = tomllib.loads(f"{written} = 0")
        while isinstance(inner, dict):
            name, inner = next(iter(inner.items()))
            parts.append(name)
        return tuple(parts)

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at + 1
