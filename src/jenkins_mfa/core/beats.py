"""Heartbeats: what agents that run say of themselves and of what they do, each under a name `<kind>:<which>`."""

from __future__ import annotations

from collections.abc import Mapping

FRESH = 60_000  #: ms after which whoever told nothing runs no more

KEEPERS = frozenset({"trail", "export", "forward"})  #: kinds of those that keep the trail outside the store

Beat = Mapping[str, object]  #: `at` is when it was told (ms UTC)


def age(beat: Beat, now: int) -> int:
    """How long ago it was told, in ms; FRESH where it does not say."""
    at = beat.get("at")
    return now - at if isinstance(at, int) else FRESH


def good(beat: Beat) -> int | None:
    """When it last told that all was well (ms UTC): `at`, or `good`, which one that fails has from the beat before it.
    None where nobody knows.
    """
    found = beat.get("at" if beat.get("ok") is True else "good")
    return found if isinstance(found, int) else None


def fresh(beats: Mapping[str, Beat], kind: str, now: int) -> list[Beat]:
    """Those of a kind that were told lately, in the order of their names."""
    return [one for name, one in sorted(beats.items()) if kind_of(name) == kind and age(one, now) < FRESH]


def kind_of(name: str) -> str:
    """The kind that a heartbeat's name begins with."""
    return name.partition(":")[0]
