"""Reads TOML strictly and collects every problem: file, line, table, key, the value seen and what is allowed."""

from __future__ import annotations

import difflib
import re
import tomllib
from contextlib import suppress
from datetime import datetime
from pathlib import Path as File
from typing import Any

from jenkins_mfa.errors import ConfigError
from jenkins_mfa.failures import unreadable
from jenkins_mfa.toml_lines import Path, has_long_key
from jenkins_mfa.toml_problems import Problems, not_toml, seen, shown

MAX_BYTES = 1_000_000  #: size of a configuration file
MOMENT = "2026-12-21T00:00:00+01:00 without quotes"  #: how a moment with its offset is written
LOCAL = f'a date and time such as "2026-12-21 00:00", or {MOMENT}'


class Table:
    """One table of a file. Each getter takes a key out; `done` reports what nobody asked for."""

    def __init__(self, data: dict[str, Any] | None, where: str, problems: Problems, path: Path = ()) -> None:
        self._data = dict(data or {})
        self._absent = data is None  # one problem, already told: what it would hold is not missed once more
        self._given = frozenset(self._data)
        self._known: list[str] = []
        self._missed: dict[str, str] = {}
        self.where = where
        self.problems = problems
        self._path = path

    def fault(self, key: str, what: str) -> None:
        """Note a problem with one key."""
        self.problems.add(f"{self.where} {key}".strip(), what, (*self._path, key) if key else self._path)

    def text(self, key: str, default: str | None = None, *, allowed: str = "", pattern: str = r"[^\0\n]+") -> str:
        """A text that matches `pattern` whole; required without a default."""
        value = self._take(key, default, allowed or "a text")
        if value is None:
            return default or ""
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            self._wrong(key, value, allowed or "a text")
            return default or ""
        return value

    def number(self, key: str, default: float | None = None, *, low: float, high: float, unit: str = "") -> float:
        """A number between two bounds (whole or not)."""
        bounds = f"a number from {low:g} to {high:g}" if low < high else f"{low:g}"
        allowed = f"{bounds}{f' ({unit})' if unit else ''}"
        value = self._take(key, default, allowed)
        stand_in = low if default is None else default
        if value is None:
            return stand_in
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self._wrong(key, value, allowed)
            return stand_in
        return value

    def integer(self, key: str, default: int | None = None, *, low: int, high: int, unit: str = "") -> int:
        """A whole number between two bounds."""
        value = self.number(key, default, low=low, high=high, unit=unit)
        if value != int(value):
            self._wrong(key, value, "a whole number")
        return int(value)

    def choice(self, key: str, options: tuple[str, ...], default: str | None = None) -> str:
        """One of a few words."""
        value = self._take(key, default, f"one of {', '.join(options)}")
        if value not in options:
            if value is not None:
                self._wrong(key, value, f"one of {', '.join(options)}")
            return default or options[0]
        return str(value)

    def texts(
        self, key: str, default: list[str] | None = None, *, allowed: str = "a list of texts", least: int = 0
    ) -> list[str]:
        """A list of `least` texts or more."""
        value = self._take(key, default, allowed)
        if value is None:
            return []
        texts = [item for item in value if isinstance(item, str) and item] if isinstance(value, list) else None
        if texts is None or texts != value or len(texts) < least:
            self._wrong(key, value, allowed)
            return []
        return texts

    def moment(self, key: str, allowed: str = LOCAL) -> datetime | None:
        """A date and time of this century, with tzinfo only if an offset was written; None after a problem."""
        found = value = self._take(key, None, allowed)
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", value):
            with suppress(ValueError):
                found = datetime.fromisoformat(value)
        if isinstance(found, datetime) and 2000 <= found.year < 2100:
            return found
        if value is not None:
            self._wrong(key, value, allowed)
        return None

    def mapping(self, key: str) -> dict[str, str]:
        """A table of texts."""
        value = self._take(key, {}, "a table of texts")
        if not isinstance(value, dict) or not all(isinstance(item, str) and item for item in value.values()):
            self._wrong(key, value, "a table of texts")
            return {}
        return value

    def table(self, key: str, *, required: bool = True) -> Table:
        """A table inside; an absent one is empty, and a problem if it is required."""
        value = self._data.pop(key, None)
        self._known.append(key)
        if value is None and required:
            self._miss(key, f"[{key}]", "the table is missing")
        elif value is not None and not isinstance(value, dict):
            self._wrong(key, value, "a table")
        absent = not isinstance(value, dict) and (required or value is not None)
        return Table(None if absent else value or {}, f"[{key}]", self.problems, (key,))

    def tables(self, key: str, name: str, *, missing: str = "") -> list[Table]:
        """An array of tables, each named by its key `name` in reports; `missing` tells why there must be one."""
        value = self._data.pop(key, [])
        self._known.append(key)
        header = f"[[{'.'.join(str(part) for part in (*self._path, key))}]]"
        if value == [] and missing:
            self._miss(key, header, missing)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._wrong(key, value, f"tables {header}")
            return []
        return [
            Table(item, f"{header} {name} = {shown(item.get(name, '?'))}", self.problems, (*self._path, key, n))
            for n, item in enumerate(value)
        ]

    def within(self, key: str, *, empty: str = "it is empty; leave it out, or fill it") -> Table | None:
        """A table inside this one, such as `when = { … }`; None where there is none. An `empty` one is a problem."""
        value = self._take(key, {}, "a table")
        if value == {} or not isinstance(value, dict):
            if value != {}:
                self._wrong(key, value, "a table")
            elif key in self._given:
                self.fault(key, empty)
            return None
        return Table(value, f"{self.where} {key}".strip(), self.problems, (*self._path, key))

    def all_within(self, key: str, *, empty: str = "") -> list[Table]:
        """The tables of an array inside this one, such as `require = [{ … }]`; `empty` tells why there must be one."""
        value = self._take(key, [], "a list of tables")
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._wrong(key, value, "a list of tables")
            return []
        if not value and empty and not self._absent:
            self.fault(key, empty)
        path = (*self._path, key)
        return [Table(item, f"{self.where} {key}[{n}]", self.problems, (*path, n)) for n, item in enumerate(value)]

    def pass_over(self, *keys: str) -> None:
        """Take keys out that are not looked at, as what holds them is told already."""
        for key in keys:
            self._data.pop(key, None)

    def one_or_more(self, key: str) -> list[str]:
        """A text, or a list of texts that is not empty; empty where the key is absent."""
        value = self._take(key, [], "a text or a list of texts")
        if isinstance(value, str) and value:
            return [value]
        if value == [] and key not in self._given:
            return []
        if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
            self._wrong(key, value, "a text, or a list of texts that is not empty")
            return []
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self._take(key, default, "true or false")
        if not isinstance(value, bool):
            self._wrong(key, value, "true or false")
            return default
        return value

    def instant(self, key: str, *, required: bool = True) -> int:
        """A moment with its offset from UTC, as ms UTC; 0 where it is not given."""
        if not required and key not in self:
            return 0
        found = self.moment(key, f"a moment such as {MOMENT}")
        if found is not None and found.tzinfo is None:
            self.fault(key, f"the offset from UTC is missing; allowed: such as {MOMENT}")
            return 0
        return int(found.timestamp() * 1000) if found else 0

    def keys(self) -> list[str]:
        """The keys that nobody has taken yet."""
        return list(self._data)

    def named_tables(self, key: str) -> dict[str, Table]:
        """A table of tables, such as [people.alice]."""
        value = self._data.pop(key, {})
        self._known.append(key)
        if not isinstance(value, dict) or not all(isinstance(item, dict) for item in value.values()):
            self._wrong(key, value, f"tables [{key}.NAME]")
            return {}
        return {n: Table(item, f"[{key}.{n}]", self.problems, (*self._path, key, n)) for n, item in value.items()}

    def __contains__(self, key: str) -> bool:
        self._known.append(key)
        return key in self._given

    def done(self) -> None:
        """Report keys that nobody knows, with the nearest one; where that one is missing, it is the same problem."""
        for key in self._data:
            nearest = next(iter(difflib.get_close_matches(key, self._known, 1)), "")
            hint = f"nearest: {nearest}" if nearest else f"known: {', '.join(dict.fromkeys(self._known))}"
            if nearest in self._missed:
                self.problems.found.remove(self._missed.pop(nearest))
                hint += ", which is missing"
            self.fault(key, f"this key is not known; {hint}")

    def _take(self, key: str, default: object, allowed: str) -> Any:
        self._known.append(key)
        if key not in self._data:
            if default is None and not self._absent:
                self._miss(key, self.where, f"{key} is missing; allowed: {allowed}")
            return default
        return self._data.pop(key)

    def _miss(self, key: str, where: str, what: str) -> None:
        self.problems.add(where, what, self._path)
        self._missed[key] = self.problems.found[-1]

    def _wrong(self, key: str, value: object, allowed: str) -> None:
        self.fault(key, f"seen: {seen(value)}; allowed: {allowed}")


def read(path: File) -> Table:
    """The root table of a file. Raises ConfigError when it cannot be read or is not TOML."""
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise ConfigError([f"{path}: {len(raw)} bytes; {MAX_BYTES} are allowed"])
        text = raw.decode()
        if has_long_key(text):
            raise ConfigError([f"{path}: a key has more than 100 parts"])
        data = tomllib.loads(text)
    except OSError as error:
        raise ConfigError([unreadable(path, error)]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path} is not text in UTF-8"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([not_toml(path, str(error))]) from error
    except RecursionError as error:
        raise ConfigError([f"{path}: it is nested too deeply"]) from error
    except ValueError as error:  # not that it is no TOML, which has an error of its own
        raise ConfigError([f"{path}: a number in it has too many digits"]) from error
    return Table(data, "", Problems(path.name, text))
