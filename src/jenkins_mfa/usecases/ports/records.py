"""The part of the store that keeps records: gates, runs, people, and what else is committed together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from jenkins_mfa.core.model import (
    Alert,
    Commit,
    CredentialRecord,
    FloodsRecord,
    Gate,
    HoldsRecord,
    KeysRecord,
    PersonRecord,
    PipelineRecord,
    RedemptionRecord,
    ReviewsRecord,
    RunRecord,
    TicketRecord,
    ToldRecord,
)
from jenkins_mfa.errors import DamagedError


class Records(Protocol):
    """What is stored, each with its version, and the one step that writes."""

    def now(self) -> int:
        """The store's clock in ms UTC: the one clock for all replicas."""

    def gate(self, gate_id: str) -> Gate | None:
        """A gate by id."""

    def find_gates(self, prefix: str) -> list[str]:
        """Ids of gates whose hexadecimal part begins with `prefix`, at most ten, open ones first."""

    def gate_of(self, source: str, ref: str) -> Gate | None:
        """The newest gate of a source's handle."""

    def copied(self, nonce: str, source: str, ref: str) -> bool:
        """Whether another pause than that with this handle had the nonce, which is random, before."""

    def open_gates(self, source: str | None = None) -> list[Gate]:
        """All gates that are not settled, oldest first; damaged ones are left out."""

    def damaged_gates(self) -> list[DamagedError]:
        """Why each of those that `open_gates` leaves out cannot be used."""

    def all_gates(self) -> Iterator[Gate | DamagedError]:
        """Every gate that there ever was, by id, read a few at a time; why, where one cannot be used.

        One that is opened while this runs may be among them, or not.
        """

    def due_gates(self, now: int, limit: int = 100) -> list[str]:
        """Ids of gates whose deadline has come, or that ask further people now."""

    def due_reminders(self, now: int, limit: int = 100) -> list[str]:
        """Ids of gates whose people are to be reminded."""

    def run(self, key: str) -> RunRecord:
        """A run's record; a fresh one of version 0 if there is none."""

    def pipeline(self, key: str) -> PipelineRecord:
        """A pipeline's record; a fresh one of version 0 if there is none."""

    def person(self, person: str) -> PersonRecord:
        """A person's record; a fresh one of version 0 if there is none."""

    def people(self) -> list[str]:
        """Everybody of whom a record is kept, in no order. It looks through all keys: for commands and rare moments."""

    def credential(self, credential_id: str) -> CredentialRecord | None:
        """Whose a security key is, by the SHA-256 of its credential id."""

    def ticket(self, ticket_id: str) -> TicketRecord | None:
        """A one-time address, by the SHA-256 of its token."""

    def told(self, gate_id: str) -> ToldRecord:
        """Which messages tell about a gate; a fresh record of version 0 if none do."""

    def reviews(self) -> ReviewsRecord:
        """The reviews that are open; a fresh record of version 0 if there never was one."""

    def holds(self) -> HoldsRecord:
        """The requesters who are not asked for; a fresh record of version 0 if there never was one."""

    def keys(self) -> KeysRecord:
        """The receipt keys that agents had, and revoked ones; a fresh record of version 0 if there never was one."""

    def floods(self) -> FloodsRecord:
        """The pipelines of which pauses wait unasked; a fresh record of version 0 if there never was one."""

    def redemption(self, jti: str) -> RedemptionRecord:
        """What became of a receipt; a fresh record of version 0 if it never was presented."""

    def alert(self, alert_id: str) -> Alert | None:
        """An alert that waits for its delivery."""

    def commit(self, commit: Commit) -> None:
        """Write all of it in one step. Every record's version must be one above the stored one.

        A commit whose id is already stored returns at once. Opening a gate (version 1) also requires that its
        reference is unknown or at generation - 1. Raises StoreConflictError when somebody else was first.
        """

    def confirm(self, gate: Gate) -> None:
        """The gate is still as it was read, and no fail-over of the store takes that back: before it leaves the house.

        Raises StoreConflictError when it has moved on.
        """

    def set_aside(self, damaged: DamagedError) -> None:
        """Tell ops about a damaged record, once. It stays as it is: whatever reads it stands still."""
