"""Stand-ins for the outside, one for each port: what they are told is kept, and each verb has a settable error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from builders import NONCE, ROSTER, RUN, facts, policy
from clock import Clock
from jenkins_mfa.core import request as requests
from jenkins_mfa.core import seal, totp
from jenkins_mfa.core.home import Home
from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.keys import Keys, SigningKey
from jenkins_mfa.core.model import APPROVERS, Alert, Facts, Gate, Message, Run, Starter, ToldRecord, Trouble
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.core.watched import Ran
from jenkins_mfa.errors import SourceGoneError
from jenkins_mfa.usecases.continuity import Continuity
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.ports import Abort, Checkpoints, Opened, Paused, Proceed, Store
from jenkins_mfa.usecases.rules import Rules

US = "agent"
SIGNING = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = Keys(
    "test",
    (SigningKey("k1", SIGNING, 0, 4_102_444_800),),
    seal.KeyRing((("v1", b"v" * 32),)),
    b"m" * 32,
)


class Randomness:
    """Predictable: 1, 2, 3 …"""

    def __init__(self) -> None:
        self._numbers = count(1)

    def hex(self, size: int) -> str:
        return f"{next(self._numbers):0{2 * size}x}"

    def bytes(self, size: int) -> bytes:
        return next(self._numbers).to_bytes(size)


def request_text(**changes: object) -> bytes:
    """A request as the library writes it; `changes` replace members, None takes one out."""
    members: dict[str, object] = {
        "v": 1,
        "lib": "1.0.0",
        "kids": ["k1"],
        "at": 1_764_000_000,
        "number": "493817",
        "run": {"pipeline": RUN.pipeline, "id": RUN.id},
        "environment": "production",
        "action": "deploy",
        "message": "Deploy 1.4",
    } | changes
    return requests.build_text({k: v for k, v in members.items() if v is not None}).encode()


@dataclass
class FakeSource:
    """A CI system with one run. `pauses` are open; `settlers` who settled; `lose` loses the next answer's reply."""

    id: str = "main"
    kind: str = "ci"
    text: bytes = field(default_factory=request_text)
    known: Facts = field(default_factory=facts)
    pauses: dict[str, str] = field(default_factory=lambda: {"ref-1": NONCE})
    misdirected: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    settlers: list[str] = field(default_factory=list)
    finished: bool = False
    ended: str = ""
    by: str = ""
    well: bool = False
    other: str = ""
    sent: list[tuple[str, Proceed | Abort]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: Exception | None = None
    answer_error: Exception | None = None
    runs: list[Ran] = field(default_factory=list)
    reached: dict[str, frozenset[str]] = field(default_factory=dict)
    stages_read: list[str] = field(default_factory=list)
    lose: Exception | None = None

    def _maybe(self) -> None:
        if self.error is not None:
            raise self.error

    def pending(self) -> list[Paused]:
        self._maybe()
        run, settlers = self.known.run, tuple(self.settlers)
        ours = [Paused(ref, nonce, run, self.problems.get(ref, ""), settlers) for ref, nonce in self.pauses.items()]
        return [*ours, *(Paused(ref, NONCE, run, settled_by=by) for ref, by in self.misdirected.items())]

    def facts(self, paused: Paused) -> Opened:
        self._maybe()
        return Opened(self.text, replace(self.known, settlers=tuple(self.settlers)))

    def starters(self, run: Run) -> tuple[Starter, ...]:
        self._maybe()
        return self.known.starters

    def outcome(self, run: Run) -> Outcome:
        self._maybe()
        settlers = tuple(self.settlers)
        return Outcome(frozenset(self.pauses), settlers, US, self.finished, self.ended, self.by, self.well)

    def ran(self, pipeline: str) -> list[Ran]:
        self._maybe()
        return [one for one in self.runs if one.run.pipeline == pipeline]

    def stages(self, run: Run) -> frozenset[str]:
        self._maybe()
        self.stages_read.append(run.id)
        return self.reached.get(run.id, frozenset())

    def answer(self, ref: str, answer: Proceed | Abort) -> None:
        self._maybe()
        if self.answer_error is not None:
            raise self.answer_error
        if ref not in self.pauses:
            raise SourceGoneError("gone")
        self.sent.append((ref, answer))
        del self.pauses[ref]
        if isinstance(answer, Proceed):
            self.settlers.append(US)
        else:
            self.finished, self.ended, self.by = True, "aborted", US
        if self.lose is not None:
            error, self.lose = self.lose, None
            raise error

    def note(self, run: Run, says: str, *, ended: bool = False) -> None:
        self.notes.append(f"in place of a line that waits: {says}" if ended else says)

    def owner(self, installation: str) -> str:
        self._maybe()
        return self.other

    @property
    def receipts(self) -> list[str]:
        """All receipts that were sent."""
        return [answer.receipt for _, answer in self.sent if isinstance(answer, Proceed)]


@dataclass
class FakeMessenger:
    """Keeps what it was told; `copies` are alerts for approvers. `away` are roster ids whose accounts are not active;
    `unshowable` says why.
    """

    told: list[Gate] = field(default_factory=list)
    troubles: list[Trouble | None] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    copies: list[Alert] = field(default_factory=list)
    lines: list[tuple[str, int, int]] = field(default_factory=list)
    floods: list[tuple[str, int, int]] = field(default_factory=list)
    homes: list[Home] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    unshowable: str = ""
    error: Exception | None = None
    issuer: str = "chat:T1"

    def tell(self, gate: Gate, told: ToldRecord, others: int, trouble: Trouble | None) -> ToldRecord:
        if self.error is not None:
            raise self.error
        self.told.append(gate)
        self.troubles.append(trouble)
        reason = trouble.reason if trouble else ""
        return ToldRecord(gate.id, told.version + 1, gate.version, (Message("C1", "1.0"),), reason)

    def tell_line(self, requester: str, waiting: Sequence[Gate], most: int, told: ToldRecord) -> ToldRecord:
        if self.error is not None:
            raise self.error
        self.lines.append((requester, len(waiting), most))
        return ToldRecord(told.gate, told.version + 1, len(waiting), (Message("C1", "2.0"),) if waiting else ())

    def tell_flood(self, pipeline: str, waiting: int, asked: Sequence[Gate], told: ToldRecord) -> ToldRecord:
        if self.error is not None:
            raise self.error
        self.floods.append((pipeline, waiting, len(asked)))
        return ToldRecord(told.gate, told.version + 1, waiting, (Message("C1", "3.0"),) if waiting else ())

    def alert(self, alert: Alert, gate: Gate | None) -> None:
        (self.copies if alert.to.startswith(APPROVERS) else self.alerts).append(alert)

    def show_home(self, home: Home) -> None:
        if self.error is not None:
            raise self.error
        self.homes.append(home)

    def cannot_show(self, gate: Gate) -> str:
        return self.unshowable

    def inactive(self, people: Iterable[str]) -> frozenset[str]:
        if self.error is not None:
            raise self.error
        return frozenset(people) & frozenset(self.away)


def desk(
    store: Store,
    source: FakeSource | None = None,
    messenger: FakeMessenger | None = None,
    rules: Policy | None = None,
    roster: Roster = ROSTER,
    library: str = "",
    asks: int = 5,
    checkpoints: Checkpoints | None = None,
) -> Desk:
    """A desk with stand-ins for whatever is not given."""
    source = source or FakeSource()
    return Desk(
        store=store,
        continuity=Continuity(store, checkpoints),
        messenger=messenger or FakeMessenger(),
        sources={source.id: source},
        rules=Rules(rules or policy(), roster, "chat:T1"),
        keys=replace(KEYS, revoked=set()),
        randomness=Randomness(),
        line=lambda gate: gate.state.value,
        libraries={source.id: library},
        asks_per_requester=asks,
    )


def seed_of(person: str) -> str:
    """A fixed seed for each person."""
    return totp.seed_text(person.encode().ljust(20, b"."))


def code_of(person: str, clock: Clock, steps: int = 0) -> str:
    """What the person's phone shows, `steps` time steps from now."""
    return totp.code_at(seed_of(person), clock.now() // 1000 + steps * totp.STEP)


def as_json(text: bytes) -> dict[str, object]:
    """A request text as members."""
    found: dict[str, object] = json.loads(text)
    return found
