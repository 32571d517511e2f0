"""Questions that contradict one another, and patterns that share no text or certainly share one.

Only what is certain is told: silence says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations

from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.policy.predicates import All, Any, Flag, Not, Pair, Predicate, Texts, Window

#: Questions about one text alone: two patterns that share none cannot both match it.
SINGLE = frozenset({"source", "pipeline", "branch", "claims.environment", "claims.action", "claims.subject"})

_WILD = re.compile(r"[*?\[]")


Pairing = tuple[Predicate, Predicate]


def contradiction(when: Predicate) -> Pairing | None:
    """Two parts of `when` that cannot both hold although they must; None where no such pair is certain."""
    match when:
        case All():
            parts = list(_must(when))
            within = next((found for part in parts if (found := contradiction(part))), None)
            return within or next((pair for pair in combinations(parts, 2) if _exclude(*pair)), None)
        case Any(parts=choices):
            pairs = [contradiction(choice) for choice in choices]
            return pairs[0] if all(pairs) else None
    return None


def required(when: Predicate) -> list[Predicate]:
    """All parts that must hold for `when` to hold."""
    return list(_must(All((when,))))


def _must(when: All) -> Iterator[Predicate]:
    """All that must hold, through alls within alls."""
    for part in when.parts:
        yield from _must(part) if isinstance(part, All) else (part,)


def _exclude(one: Predicate, other: Predicate) -> bool:
    match one, other:
        case (Not(part), _) if part == other:
            return True
        case (_, Not(part)) if part == one:
            return True
        case Flag(), Flag():
            return one.key == other.key and one.wanted is not other.wanted
        case Window(), Window():
            return one.calendar.name == other.calendar.name and one.inside is not other.inside
        case Texts(), Texts():
            return one.key == other.key and one.key in SINGLE and disjoint(one.globs, other.globs)
    return False


def disjoint(one: Globs, other: Globs) -> bool:
    """Whether certainly no text matches both."""
    return all(_apart(a, b) for a in one.patterns for b in other.patterns)


def overlap(one: Globs, other: Globs) -> str:
    """A text that both match, if one is certain: a pattern itself, since each of its signs stands for itself too."""
    texts = [text for text in (*one.patterns, *other.patterns) if "[" not in text]
    return next((text for text in texts if one.match(text) and other.match(text)), "")


def _apart(a: str, b: str) -> bool:
    """Whether two patterns begin or end with letters that cannot be the same."""
    if not _WILD.search(a):
        return not Globs((b,)).match(a)
    if not _WILD.search(b):
        return not Globs((a,)).match(b)
    begins = _head(a), _head(b)
    ends = _tail(a), _tail(b)
    return not _either(begins, str.startswith) or not _either(ends, str.endswith)


def _either(pair: tuple[str, str], holds: Callable[[str, str], bool]) -> bool:
    return holds(pair[0], pair[1]) or holds(pair[1], pair[0])


def _head(pattern: str) -> str:
    return _WILD.split(pattern)[0]


def _tail(pattern: str) -> str:
    """What stands behind the last sign that is not a letter; a bracket's inside is none."""
    return re.split(r"[*?\]]", pattern)[-1]


def claimed_only(when: Predicate) -> bool:
    """Whether `when` holds only if the pipeline says something about itself (`claims`)."""
    match when:
        case All(parts):
            return any(map(claimed_only, parts))
        case Any(parts):
            return all(map(claimed_only, parts))
        case Not(part):
            return isinstance(part, Texts | Pair) and claimed_only(part)
        case _:
            return when.key.startswith("claims.")
