"""The audit trail in a stream: one entry `<seq>-0` for each event, with the linked bytes and their hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from jenkins_mfa.core import audit
from jenkins_mfa.core.audit_evidence import DECISIONS
from jenkins_mfa.core.chain import Head, Linked
from jenkins_mfa.core.model import Entry
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.store.wire import Script, Wire, foreign, reading, whole

TRIM = Script("trim")
PAGE = 100  #: events per read
LAST = 2**63  #: a number that no event has
NEWEST = 10  #: events of the first read backwards: the last word about a gate was mostly said just now


def link(head: Head, entries: Iterable[Entry]) -> list[Linked]:
    """Chain entries to a head, in their order. Raises ValueError for what the trail does not take."""
    linked: list[Linked] = []
    for entry in entries:
        seq = head.seq + 1
        name = audit.Name(entry.event)
        event = audit.AuditEvent(seq, entry.at, name, entry.actor, entry.gate, entry.source, entry.run, entry.details)
        audit.check_verifiable(event)
        raw = audit.encode(event)
        head = Head(seq, audit.link(head.hash, raw))
        linked.append(Linked(seq, raw, head.hash))
    return linked


class Trail:
    """The trail but for what RedisStore.commit writes."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def heads(self) -> Head:
        """Where the trail stands."""
        with reading():
            seq, digest = self._wire.client.hmget(self._wire.key("audit:head"), "seq", "hash")
        return Head(whole(seq, "audit:head"), (digest or b"").decode(errors="replace"))

    def audit_events(self, start: int = 1, count: int | None = None) -> Iterator[Linked]:
        """Events from sequence number `start` on, oldest first, at most `count`, read page by page."""
        while count is None or count > 0:
            page = self._range(f"{start}-0", "+", PAGE if count is None else min(PAGE, count))
            if not page:
                return
            yield from page
            start = page[-1].seq + 1
            count = None if count is None else count - len(page)

    def base(self) -> str:
        """The signed place of the newest event that was trimmed; empty where all are there."""
        with reading():
            found = self._wire.client.get(self._wire.key("audit:base"))
        return (found or b"").decode(errors="replace")

    def first_of(self, gate_jti: str) -> int:
        """The sequence number of the oldest event about a gate that is there; 0 where there is none."""
        with reading():
            found = self._wire.client.lindex(self._wire.key(f"trail:{gate_jti}"), 0)
        return whole(found, "trail")

    def trim(self, events: Sequence[Linked], base: str) -> bool:
        """Take these events out, the oldest ones of all, in order and without a gap; `base` is the signed place of the
        last. Whether they were: somebody else may have been faster.
        """
        gates = Counter(linked.entry.gate for linked in events)
        plan: dict[str, object] = {
            "first": events[0].seq,
            "last": events[-1].seq,
            "hash": events[-1].hash,
            "gates": [{"name": name, "count": count} for name, count in gates.items() if name],
            "base": base,
        }
        return bool(self._wire.run(TRIM, plan)[0] == b"done")

    def forwarded(self) -> dict[str, Head]:
        """How far the trail was sent to each destination; one that got nothing yet is not there."""
        with reading():
            found = self._wire.client.hgetall(self._wire.key("audit:forwarded"))
        return {name.decode(errors="replace"): _place(value) for name, value in found.items()}

    def note_forwarded(self, destination: str, place: Head) -> None:
        """It was sent up to there."""
        with reading():
            self._wire.client.hset(self._wire.key("audit:forwarded"), destination, f"{place.seq} {place.hash}")

    def last_entry(self, gate_jti: str) -> tuple[int, str, int] | None:
        """(sequence, head, version) of the newest trail event that names a version of the gate.

        Read backwards from the stream itself: an index could be put back together with an older copy of the gate
        without touching the chain.
        """
        mark, end, count = gate_jti.encode(), "+", NEWEST
        while True:
            with reading():
                page = self._wire.client.xrevrange(self._wire.key("audit"), end, "-", count)
            for linked in map(_linked, page):
                if mark not in linked.raw:
                    continue
                entry = _entry(linked)
                if entry.gate == gate_jti and "version" in entry.details:
                    return linked.seq, linked.hash, whole(str(entry.details["version"]).encode(), "audit")
            if len(page) < count:
                return None
            end, count = f"({page[-1][0].decode()}", PAGE

    def entries(self, gate_jti: str) -> list[Entry]:
        """The trail's events about one gate, oldest first."""
        with reading():
            numbers = self._wire.client.lrange(self._wire.key(f"trail:{gate_jti}"), 0, -1)
            pipeline = self._wire.client.pipeline(transaction=False)
            for number in numbers:
                at = f"{whole(number, 'trail')}-0"
                pipeline.xrange(self._wire.key("audit"), at, at)
            pages = pipeline.execute()
        return [_entry(_linked(raw)) for page in pages for raw in page]

    def decided_by(self, person: str, within: int) -> list[str]:
        """The gates (`jti`) that somebody has confirmed or denied, newest answer first, as far as the newest `within`
        events tell.
        """
        mark, end, found = f'"{person}"'.encode(), "+", dict[str, None]()
        while within > 0:
            with reading():
                page = self._wire.client.xrevrange(self._wire.key("audit"), end, "-", min(PAGE, within))
            for linked in map(_linked, page):
                if mark in linked.raw and (entry := _entry(linked)).actor == person and entry.event in DECISIONS:
                    found[entry.gate] = None
            if len(page) < min(PAGE, within):
                break
            end, within = f"({page[-1][0].decode()}", within - len(page)
        return list(found)

    def _range(self, first: str, last: str, count: int) -> list[Linked]:
        with reading():
            page = self._wire.client.xrange(self._wire.key("audit"), first, last, count)
        return [_linked(raw) for raw in page]


def _linked(raw: tuple[bytes, dict[bytes, bytes]]) -> Linked:
    """One stream entry as redis-py gives it; one that no agent has written breaks the chain."""
    stream_id, fields = raw
    digest = fields.get(b"hash", b"").decode(errors="replace")
    return Linked(int(stream_id.split(b"-")[0]), fields.get(b"event", b""), digest)


def _entry(linked: Linked) -> Entry:
    try:
        return linked.entry
    except UntrustedInputError:
        raise foreign("audit") from None


def _place(raw: bytes) -> Head:
    """A cursor: sequence number and hash. Raises StoreUnusableError for what is none."""
    number, _, digest = raw.partition(b" ")
    seq = whole(number, "audit:forwarded")
    if not 0 < seq < LAST:
        raise foreign("audit:forwarded")
    return Head(seq, digest.decode(errors="replace"))
