"""Groups whose members are kept elsewhere: read in the background, so that no decision waits for them. Fail closed.

A group that was never read, that is not there any more, or that could not be read for LONGEST, is empty: gates that
need it are refused, and nobody answers as one of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from jenkins_mfa.core.model import Alert, Commit, Entry
from jenkins_mfa.errors import MessageGoneError, MessengerError, MessengerUnavailableError
from jenkins_mfa.usecases.desk import Desk, commit_id
from jenkins_mfa.usecases.rules import InForce

log = structlog.get_logger()

EVERY = 60.0  #: seconds between two readings of a group
LONGEST = 300.0  #: seconds for which what was read is believed
TELL_AFTER = 2  #: readings that fail in a row before ops are told; where nothing is known, the first is told
MOST_NAMED = 40  #: people in one event of the trail


class Directory(Protocol):
    """Where members of groups are kept."""

    def accounts(self, group: str) -> frozenset[str]:
        """The accounts in a group now, by its id there. Raises MessageGoneError where there is no such group, and
        MessengerUnavailableError where that is not told.
        """


@dataclass
class _Reading:
    """What is known of one group. Times are seconds of the clock; `told` says that ops know that it is not read."""

    accounts: frozenset[str] | None = None
    at: float = 0.0
    due: float = 0.0
    failures: int = 0
    problem: str = ""
    told: bool = False

    @property
    def alarming(self) -> bool:
        """Whether ops should know by now that it is not read."""
        return self.failures >= (1 if self.accounts is None else TELL_AFTER)


class Groups:
    """Keeps the members of the groups that the policy in force names. `clock` gives seconds."""

    def __init__(self, desk: Desk, directory: Directory, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._directory = directory
        self._clock = clock
        self._turn = threading.Lock()
        self._known: dict[str, _Reading] = {}

    def look(self, *, at_once: bool = False) -> None:
        """Read what is due (`at_once`: everything), forget what is too old, and put the members in force. Raises
        StoreError: then what held before holds, and the next look does it again.
        """
        with self._turn:
            wanted = sorted({*self._desk.policy.outside.values()})
            self._known = {name: self._known.get(name, _Reading()) for name in wanted}
            for name, reading in self._known.items():
                if at_once or self._clock() >= reading.due:
                    self._read(name, reading)
                    self._take()
            self._take()

    def _read(self, name: str, reading: _Reading) -> None:
        """Whatever goes wrong, the group was not read; that there is none is known at once."""
        wait = EVERY
        try:
            accounts = self._directory.accounts(name)
        except Exception as error:  # noqa: BLE001  (what nobody foresaw must not keep members in force)
            reading.failures += 1
            reading.problem = str(error) if isinstance(error, MessengerError) else type(error).__name__
            log.warning("group not read", group=name, failures=reading.failures, problem=reading.problem)
            if isinstance(error, MessageGoneError):
                reading.accounts = None
            if isinstance(error, MessengerUnavailableError):
                wait = max(wait, error.retry_after or 0)
        else:
            reading.accounts, reading.at = accounts, self._clock()
            reading.failures = 0
        reading.due = self._clock() + wait

    def _take(self) -> None:
        """Into the trail first: nobody is a member whom it does not know."""
        for reading in self._known.values():
            if self._clock() - reading.at > LONGEST:
                reading.accounts = None
        accounts = {name: one.accounts for name, one in self._known.items() if one.accounts is not None}
        rules, now = self._desk.rules, self._desk.store.now()
        with rules.turn:
            before = rules.now
            after = rules.joined(before.policy, before.roster, accounts)
            entries = tuple(changed(before, after, accounts, now))
            alerts = tuple(self._alerts(before.policy.outside, now))
            if entries or alerts:
                cause = commit_id("groups", self._desk.randomness.hex(16))
                self._desk.store.commit(Commit(cause, (), entries, (), alerts))
            rules.accounts = accounts
            if entries:
                rules.now = after
        for reading in self._known.values():
            reading.told = reading.alarming

    def _alerts(self, outside: Mapping[str, str], now: int) -> Iterator[Alert]:
        """To ops, once when a group cannot be read, and once when it can again."""
        for name, reading in self._known.items():
            if reading.alarming == reading.told:
                continue
            groups = ", ".join(sorted(group for group, kept in outside.items() if kept == name))
            values = {"group": groups, "name": name}
            code = "group_unread" if reading.alarming else "group_read"
            values |= {"problem": reading.problem} if reading.alarming else {}
            yield Alert(f"{code}:{name}:{now}", code, now, values=values)


def changed(before: InForce, after: InForce, accounts: Iterable[str], now: int) -> Iterator[Entry]:
    """Events of the trail for members who came or went, of groups that are kept elsewhere; `accounts` has those that
    are known.
    """
    known = {*accounts}
    for group in sorted(before.roster.outside.keys() | after.roster.outside.keys()):
        were, are = ({*one.roster.members(group)} for one in (before, after))
        name = after.policy.outside.get(group, "")
        why = {"reason": "unread"} if name and name not in known else {}
        for kind, people in (("added", sorted(are - were)), ("removed", sorted(were - are))):
            for start in range(0, len(people), MOST_NAMED):
                listed = ", ".join(people[start : start + MOST_NAMED])
                details: dict[str, str | int] = {"named": group, "via": name, "kind": kind, "people": listed, **why}
                yield Entry("group:changed", now, "agent", details=details)
