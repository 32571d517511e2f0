"""Tests of the way from people to a receipt (`check --live`): a source that has not a single run.

Whoever opens a test needs nothing of the source itself; whichever agent delivers its answer verifies the receipt as the
library does in a build, and only then tells that the run went on. The receipt never leaves that agent, and names a
source that nobody can configure: no library and no consumer takes it.
"""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core import receipt as receipts
from jenkins_mfa.core import request as requests
from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.model import TEST, Claims, Commit, Denial, Entry, Facts, Gate, Run, Starter
from jenkins_mfa.core.receipt import RefusedReceipt
from jenkins_mfa.core.receipt_form import pinned
from jenkins_mfa.core.watched import Ran
from jenkins_mfa.errors import SourceForbiddenError, SourceGoneError
from jenkins_mfa.usecases.decisions import deny_run
from jenkins_mfa.usecases.desk import Desk, commit_id, decide
from jenkins_mfa.usecases.open_gate import open_gate
from jenkins_mfa.usecases.ports import Abort, Opened, Paused, Proceed, Store

KIND = "test"
US = "jenkins-mfa"  #: who settles a test's pause
KIDS = 4  #: that a request names at most
ABORTED = Outcome(frozenset(), (), US, finished=True, ended="aborted", by=US)  #: a test that goes on no more


class Rehearsals:
    """The source `test.<id>`, a `Source`. Each run pauses once: its id is the handle, and tells the nonce."""

    kind = KIND

    def __init__(self, source: str, store: Store, keys: Keys) -> None:
        self.id = f"{TEST}{source}"
        self._store = store
        self._keys = keys
        self._opened: dict[str, Opened] = {}
        self._outcomes: dict[str, Outcome] = {}

    def prepare(self, facts: Facts, claims: Claims, number: str, ttl: int) -> Paused:
        """A pause to be opened by this process: `facts` and `claims` are those of the case that is tried, `number` six
        digits, `ttl` seconds that people get. The library would know the keys that it names.
        """
        run_id = facts.run.id
        now = self._store.now() // 1000
        run = Run(self.id, KIND, facts.run.pipeline, run_id, 1, "", now * 1000)
        fields: dict[str, object] = {
            "lib": "test",
            "kids": list(self._keys.public(now))[:KIDS],
            "at": now,
            "number": number,
            "run": {"pipeline": run.pipeline, "id": run_id},
            "environment": claims.environment,
            "action": claims.action,
            "message": claims.message,
            "ask": {"ttl": ttl},
        }
        self._opened[run_id] = Opened(requests.build_text(fields).encode(), replace(facts, run=run))
        return Paused(run_id, nonce(run_id), run)

    def pending(self) -> list[Paused]:
        """Nothing: tests are opened by who wants them."""
        return []

    def facts(self, paused: Paused) -> Opened:
        """What was prepared here. Raises SourceGoneError for what was not."""
        found = self._opened.get(paused.ref)
        if found is None:
            raise SourceGoneError("no such test was prepared here")
        return found

    def starters(self, run: Run) -> tuple[Starter, ...]:
        """Whoever began the test."""
        return next((one.facts.starters for one in self._opened.values() if one.facts.run == run), ())

    def outcome(self, run: Run) -> Outcome:
        """It waits until its answer was taken, here or by another agent: then its gate has ended."""
        found = self._outcomes.get(run.id)
        if found is None:
            gate = self._store.gate_of(self.id, run.id)
            over = gate is not None and gate.state.settled
            found = ABORTED if over else Outcome(frozenset({run.id}), (), US)
        return found

    def ran(self, pipeline: str) -> list[Ran]:
        """Nothing ever ran."""
        del pipeline
        return []

    def stages(self, run: Run) -> frozenset[str]:
        """There are none."""
        del run
        return frozenset()

    def answer(self, ref: str, answer: Proceed | Abort) -> None:
        """Take it as a build would. Raises SourceForbiddenError for a receipt that the library would refuse, and says
        why: then the run goes on waiting.
        """
        if isinstance(answer, Abort):
            self._outcomes[ref] = ABORTED
            return
        gate = self._store.gate_of(self.id, ref)
        if gate is None:
            raise SourceGoneError("no such test is known")
        try:
            self._verify(gate, answer.receipt)
        except RefusedReceipt as refused:
            raise SourceForbiddenError(f"the library would refuse it: {refused}") from None
        self._outcomes[ref] = Outcome(frozenset(), (US,), US)

    def _verify(self, gate: Gate, receipt: str) -> None:
        """As in a build: against its own number, nonce and request text, and the keys that are published now."""
        now = self._store.now() // 1000
        receipts.verify(
            receipt,
            keys=pinned(self._keys.public(now)),
            issuer=f"mfa:{self._keys.installation}",
            source=self.id,
            pipeline=gate.run.pipeline,
            run_id=gate.external_ref,
            nonce=nonce(gate.external_ref),
            request_sha256=requests.digest(gate.request_text),
            now=now,
        )

    def note(self, run: Run, says: str, *, ended: bool = False) -> None:
        """There is no page to write on."""
        del run, says, ended

    def owner(self, installation: str) -> str:
        """Nobody else's."""
        del installation
        return ""


def nonce(run_id: str) -> str:
    """The input id that a test's pause would have."""
    return f"Mfa-{requests.digest(run_id)[:32]}"


def begin(desk: Desk, source: Rehearsals, facts: Facts, claims: Claims, ttl: int, by: str) -> tuple[Gate, str]:
    """Open a test, and put into the trail who wanted it (`by`); the gate, and the number that a build would show.

    Raises StoreError, FullError.
    """
    run_id = f"test-{desk.randomness.hex(6)}"
    number = f"{int.from_bytes(desk.randomness.bytes(8)) % 1_000_000:06d}"
    paused = source.prepare(replace(facts, run=replace(facts.run, id=run_id)), claims, number, ttl)
    entry = Entry("test:begun", desk.store.now(), by, "", source.id, paused.run.key)
    desk.store.commit(Commit(commit_id("test:begun", paused.run.key), (), (entry,)))
    gate = open_gate(desk, source, paused)
    if gate is None:
        raise SourceGoneError("no gate was opened")
    return gate, number


def stop(desk: Desk, gate_id: str) -> None:
    """End a test that still waits: nobody is asked any more. Raises StoreError."""

    def attempt() -> None:
        gate = desk.store.gate(gate_id)
        if gate is not None and not gate.state.answered and not gate.state.settled:
            now = desk.store.now()
            deny_run(desk, gate, Denial(now, None, "test_stopped", f"test_stopped:{gate.jti}:{gate.version}"))

    decide(attempt)
