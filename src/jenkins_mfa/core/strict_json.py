"""The one strict parser for JSON from outside: what two parsers could read differently is refused (S15, S20).

Refused beside what is not JSON: more bytes or levels than allowed, a key twice in one object, NaN, Infinity,
floats where none are expected, `-0`, whole numbers beyond 64 bits, lone surrogates, what is not UTF-8.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from jenkins_mfa.errors import UntrustedInputError

LONGEST_NUMBER = 18  #: digits of a whole number; all of them fit a signed 64-bit integer
LONGEST_NAME = 40  #: characters of a foreign name that a message repeats


def parse(data: bytes | str, *, place: str, max_bytes: int, max_depth: int, floats: bool = False) -> object:
    """The value that `data` writes. `place` begins the sentence of the error, e.g. "the request".

    `max_bytes` counts UTF-8, `max_depth` the nested objects and lists (a bare number has depth 0).
    Raises UntrustedInputError, whose sentence holds nothing of the data but a key, made visible.
    """
    try:
        text = _text(data, max_bytes)
        value: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_float if floats else _no_float,
            parse_constant=_no_float,
        )
        _check_depth(value, max_depth)
        if "\\u" in text:  # only an escape can bring a lone surrogate into well-formed UTF-8
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise UntrustedInputError(f"{place} is not JSON: line {error.lineno}, column {error.colno}.") from None
    except UnicodeError:
        raise UntrustedInputError(f"{place} is not UTF-8: it holds a byte or half a character of no meaning.") from None
    except RecursionError:
        raise UntrustedInputError(f"{place} is nested deeper than {max_depth} levels.") from None
    except ValueError as error:
        raise UntrustedInputError(f"{place} {error}.") from None
    return value


def visible(name: str) -> str:
    """A foreign name for a sentence: quoted, in ASCII, or only its length where it is long."""
    return json.dumps(name) if len(name) <= LONGEST_NAME else f"a name of {len(name)} characters"


def _text(data: bytes | str, max_bytes: int) -> str:
    if len(data) > max_bytes:  # before encoding: a str has at least as many bytes as characters
        raise ValueError(_too_long(len(data), max_bytes))
    raw = data.encode() if isinstance(data, str) else data
    if len(raw) > max_bytes:
        raise ValueError(_too_long(len(raw), max_bytes))
    return raw.decode()


def _too_long(size: int, max_bytes: int) -> str:
    return f"is {size:,} bytes long; {max_bytes:,} are allowed"


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"holds the key {visible(twice)} twice in one object")
    return found


def _whole(digits: str) -> int:
    if digits == "-0" or len(digits.lstrip("-")) > LONGEST_NUMBER:
        raise ValueError("holds a whole number that is -0 or too large")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("holds a number that is too large")
    return value


def _no_float(_: str) -> float:
    raise ValueError("holds a number that is not whole")


def _check_depth(value: object, max_depth: int) -> None:
    level = _containers([value])
    for _ in range(max_depth):
        level = _containers(child for item in level for child in (item.values() if isinstance(item, dict) else item))
    if level:
        raise RecursionError


def _containers(values: Iterable[object]) -> list[dict[str, object] | list[object]]:
    return [value for value in values if isinstance(value, dict | list)]
