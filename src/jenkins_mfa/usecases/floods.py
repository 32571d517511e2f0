"""Pauses over the limits of core/flood.py: they stay paused, and that is told once for each pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from jenkins_mfa.core.flood import name_of
from jenkins_mfa.core.model import Alert, Commit, Entry, Flood, FloodsRecord
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, whole

COUNTED = 10_000  #: ms between two counts of a flood that goes on: each rewrites the message that tells it


class Reading(Protocol):
    """Where floods are kept."""

    def floods(self) -> FloodsRecord:
        """As in the Store port."""


def now_waiting(store: Reading) -> tuple[Flood, ...]:
    """What waits unasked, for people who ask; nothing where the list is damaged, which ops are told about."""
    try:
        return store.floods().floods
    except DamagedError:
        return ()


def noticed(desk: Desk, source: str, waiting: Mapping[str, int]) -> bool:
    """Keep how many pauses of each pipeline of a source, or of all of it, (by key) wait unasked; whether there is any,
    or was until now.

    Where a flood begins, that goes into the trail, and ops and approvers are told. Raises StoreError.
    """

    def attempt() -> bool:
        record = whole(desk, desk.store.floods)
        if record is None:
            return False
        now = desk.store.now()
        known = {flood.pipeline: flood for flood in record.floods if flood.pipeline.startswith(f"{source}:")}
        after = {key: _counted(key, n, known.get(key), now) for key, n in waiting.items() if n}
        changed = [key for key in known.keys() | after.keys() if known.get(key) != after.get(key)]
        if changed:
            others = tuple(flood for flood in record.floods if flood.pipeline not in known)
            kept = FloodsRecord(record.version + 1, (*others, *after.values()))
            began = [after[key] for key in after if key not in known]
            desk.store.commit(_commit(kept, source, sorted(changed), began))
        return bool(known or after)

    return decide(attempt)


def _counted(pipeline: str, waiting: int, before: Flood | None, now: int) -> Flood:
    if before is None:
        return Flood(pipeline, waiting, now, now)
    if before.waiting == waiting or now - before.counted < COUNTED:
        return before
    return replace(before, waiting=waiting, counted=now)


def _commit(record: FloodsRecord, source: str, changed: list[str], began: list[Flood]) -> Commit:
    """The list, with whom it concerns: who reads the messages at each change, trail and ops where a flood begins."""
    about = [(flood, {"target": name_of(flood.pipeline)}) for flood in began]
    entries = [
        Entry("gate:flooded", flood.since, "agent", source=source, details={**target, "waiting": flood.waiting})
        for flood, target in about
    ]
    alerts = [
        Alert(f"flooded:{flood.pipeline}:{flood.since}", "flooded", flood.since, values=target)
        for flood, target in about
    ]
    counts = (f"{flood.pipeline}={flood.waiting}" for flood in record.floods)
    cause = commit_id("floods", str(record.version), source, *counts)
    return Commit(cause, (record,), tuple(entries), tuple(f"flood:{key}" for key in changed), tuple(alerts))
