"""What sentences are made of, and the small words that all of them share.

Who wrote a piece decides its part, and the part decides its look: `Word` is the agent and the operator's files,
`Fact` a source's records, `Claim` the pipeline, `Quote` a person who typed. A sentence's template can hold words
only, so nothing foreign can become one.

>>> say("Denied by {who}.", who=Person("bob", "Bob Ray"))
(Word(text='Denied by '), Person(id='bob', name='Bob Ray', mention=False), Word(text='.'))
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """The agent's own words, and names from the operator's files."""

    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Copied from a source's records; anything may stand in it."""

    text: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Said by the pipeline, in the middle of a sentence of ours."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Typed by a person."""

    text: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the roster, by roster id and name; `mention` calls them by their account if they have one."""

    id: str
    name: str
    mention: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """A moment in ms UTC; `clock` leaves the day out, for answers of the moment."""

    at: int
    clock: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a page of the source; `text` is never foreign."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Everyone:
    """Calls everybody who is there, for what cannot wait."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A messenger's channel, by its own id there."""

    id: str


Part = Word | Fact | Claim | Quote | Person | Time | Link | Everyone | Channel
Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message's state; `spoken` is how `text` says it, None the same, () not at all."""

    shown: Parts
    spoken: Parts | None = None


_SLOT = re.compile(r"\{(\w+)\}")


def say(template: str, **slots: Part | Parts | int) -> Parts:
    """A sentence: the template's text as words, each `{slot}` as the parts given for it."""
    pieces: list[Part] = []
    for position, text in enumerate(_SLOT.split(template)):
        if position % 2 == 0:
            pieces += [Word(text)] if text else []
            continue
        filled = slots[text]
        if isinstance(filled, int):
            pieces.append(Word(f"{filled:,}"))
        else:
            pieces += filled if isinstance(filled, tuple) else (filled,)
    return flat(pieces)


def flat(pieces: Sequence[Part]) -> Parts:
    """The same parts with neighbouring words made one."""
    found: list[Part] = []
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(piece, Word) and isinstance(last, Word):
            found[-1] = Word(last.text + piece.text)
        elif piece != Word(""):
            found.append(piece)
    return tuple(found)


def join(items: Sequence[Parts], between: str = ", ", last: str = "") -> Parts:
    """The items with `between` between them, and `last` before the final one if given."""
    pieces: list[Part] = []
    for position, item in enumerate(items):
        if position:
            pieces.append(Word(last if last and position == len(items) - 1 else between))
        pieces += item
    return flat(pieces)


def listing(items: Sequence[Parts], most: int, last: str, more: str) -> Parts:
    """Up to `most` items as "A, B and C"; the rest is counted: "A, B and 4 more people"; for `most` 0 "6 people".

    `last` is the word before the final item ("and", "or", "" for none), `more` the noun for those who are only counted.
    """
    if len(items) <= most:
        return join(items, last=f" {last} " if last else "")
    if most <= 0:
        return say(f"{{n}} {more}", n=len(items))
    counted = say(f"{{n}} more {more}", n=len(items) - most)
    return join([*items[:most], counted], last=" and ")


def sentences(items: Sequence[Parts]) -> Parts:
    """Sentences one after the other."""
    return join([item for item in items if item], between=" ")


def duration(ms: int) -> str:
    """A length of time as people say it: "20 s", "11 min", "2 h 5 min"; never less than nothing."""
    seconds = max(0, ms) // 1000
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d {hours % 24} h" if hours % 24 else f"{hours // 24} d"
