"""One desk with one source, and the steps that tests of use cases take with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from builders import policy, rule
from clock import Clock
from fakes import KEYS, FakeMessenger, FakeSource, code_of, desk, seed_of
from jenkins_mfa.core import receipt
from jenkins_mfa.core.model import Factor, Gate
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.usecases import deliver, enroll
from jenkins_mfa.usecases.answer import Answers, NeedsCode, NeedsNumber
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Desk, Who
from jenkins_mfa.usecases.ports import Checkpoints
from jenkins_mfa.usecases.tick import tick
from jenkins_mfa.usecases.watch import Watch
from memory_store import MemoryStore

TAP = policy(rule(factor=Factor.PUSH))


@dataclass
class World:
    """Source, messenger, store and clock around one desk. By default a gate needs one tap of `release`."""

    clock: Clock = field(default_factory=Clock)
    source: FakeSource = field(default_factory=FakeSource)
    messenger: FakeMessenger = field(default_factory=FakeMessenger)
    rules: Policy = TAP
    library: str = ""
    asks: int = 5
    numbers: int = 0
    checkpoints: Checkpoints | None = None
    store: Any = None  # kept in memory where no other one is given

    def __post_init__(self) -> None:
        self.store = self.store or MemoryStore(self.clock)
        self.desk: Desk = desk(
            self.store,
            self.source,
            self.messenger,
            self.rules,
            library=self.library,
            asks=self.asks,
            checkpoints=self.checkpoints,
        )
        self.watch = Watch(self.desk, self.source)
        self.answers = Answers(self.desk)

    def open(self) -> Gate:
        """One poll that opens the gate."""
        self.watch.poll()
        return self.gate

    @property
    def gate(self) -> Gate:
        """The newest gate."""
        found = self.store.gate_of("main", "ref-1")
        assert found is not None
        return found

    def who(self, person: str) -> Who:
        """The person's account."""
        return Who("chat:T1", f"U{person.upper()}")

    def tap(self, person: str, cause: str = "") -> Counted | NeedsCode | NeedsNumber:
        """Approve."""
        self.numbers += 1
        return self.answers.tap(self.gate.jti, self.who(person), cause or f"tap-{self.numbers}")

    def code(self, person: str, code: str | None = None, *, cause: str = "") -> Counted:
        """Approve, and type a code: the right one unless another is given."""
        asked = self.tap(person)
        assert isinstance(asked, NeedsCode)
        return self.type(person, asked.challenge_id, code_of(person, self.clock) if code is None else code, cause)

    def type(self, person: str, challenge: str, code: str, cause: str = "") -> Counted:
        """Type a code into a form."""
        self.numbers += 1
        return self.answers.code(self.gate.jti, challenge, self.who(person), code, cause or f"form-{self.numbers}")

    def number(self, person: str, typed: str) -> Counted:
        """Approve, and type a number."""
        asked = self.tap(person)
        assert isinstance(asked, NeedsNumber)
        return self.type_number(person, asked.challenge_id, typed)

    def type_number(self, person: str, challenge: str, typed: str) -> Counted:
        """Type a number into a form."""
        self.numbers += 1
        return self.answers.number(self.gate.jti, challenge, self.who(person), typed, f"form-{self.numbers}")

    def deny(self, person: str, reason: str = "not on staging yet") -> Gate:
        """Deny."""
        self.numbers += 1
        return self.answers.deny(self.gate.jti, self.who(person), reason, False, f"deny-{self.numbers}")

    def enrol(self, *people: str) -> None:
        """Give people their seeds; the step before is burnt, the present one is not. Nobody hears of it."""
        for person in people:
            enroll.enroll(self.desk, person, seed_of(person), code_of(person, self.clock, -1), "operator")
        for name in [name for name in self.store.lanes if name.startswith("alert:enrolled:")]:
            del self.store.lanes[name]

    def deliver(self, rounds: int = 20) -> None:
        """Deliver every lane that is due."""
        for _ in range(rounds):
            due = self.store.claim_lane(deliver.LEASE)
            if due is None:
                return
            deliver.deliver(self.desk, due)

    def expire(self) -> int:
        """The tick."""
        return tick(self.desk, self.desk.store.due_gates(self.desk.store.now()))

    def verified(self, token: str) -> receipt.Receipt:
        """The receipt, as the run's own library verifies it at the moment of its proceed."""
        gate = self.gate
        return receipt.verify(
            token,
            keys={"k1": ("EdDSA", KEYS.signing[0].public)},
            issuer="mfa:test",
            source="main",
            pipeline=gate.run.pipeline,
            run_id=gate.run.id,
            nonce=gate.nonce,
            request_sha256=gate.request_sha256,
            now=gate.claim.iat if gate.claim else 0,
        )
