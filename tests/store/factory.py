"""Records for tests of the store: small, valid, different where it matters."""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core.chain import Chain, verify_chain
from jenkins_mfa.core.model import Claims, Clause, Commit, Entry, Factor, Facts, Gate, Requirement, Run, State
from jenkins_mfa.store.gates import RedisStore

RUN = Run("main", "jenkins", "team one/deploy", "17", 1, "https://ci.example.org/job/deploy/17/")


def gate(number: int = 1, *, at: int = 1_764_000_000_000, source: str = "main", ref: str = "") -> Gate:
    """A gate that waits, opened at `at`, with ten minutes to live."""
    run = replace(RUN, source=source)
    clause = Clause("production", Factor.PUSH, 1, ("alice", "bob"), ("group:release",))
    return Gate(
        id=f"g_{number:032x}",
        generation=1,
        version=1,
        state=State.PENDING,
        external_ref=ref or f"deploy/17/Mfa-{number}",
        nonce=f"Mfa-{number:032x}",
        run=run,
        facts=Facts(run, branch="größe/main"),
        opened_at=at,
        deadline=at + 600_000,
        first_deadline=at + 600_000,
        request_text='{"v": 1}',
        request_sha256="0" * 64,
        kids=("k1",),
        claims=Claims("production", "deploy", "Deploy 1.4", details=(("version", "1.4"),)),
        requirement=Requirement((clause,), 600, (), ("production",), "1" * 64),
    )


def stepped(before: Gate, state: State = State.PENDING) -> Gate:
    """The same gate one version later."""
    return replace(before, version=before.version + 1, state=state)


def entry(of: Gate, event: str = "gate:opened") -> Entry:
    """What the trail says about a gate's step."""
    details: dict[str, str | int] = {"version": of.version, "state": of.state.value}
    return Entry(event, of.opened_at, "agent", of.jti, of.run.source, of.run.key, details)


def opening(of: Gate) -> Commit:
    """The commit that opens it."""
    return Commit(f"open:{of.id}", (of,), (entry(of),), (f"tell:{of.id}",))


def step(of: Gate, cause: str = "") -> Commit:
    """The commit of a later step."""
    return Commit(cause or f"step:{of.id}:{of.version}", (of,), (entry(of, "gate:confirmed"),), (f"tell:{of.id}",))


def chain(store: RedisStore) -> Chain:
    """The whole trail, verified up to its head."""
    head = store.heads()
    found = verify_chain(((x.raw, x.hash) for x in store.audit_events()), head=(head.seq, head.hash))
    assert isinstance(found, Chain)
    return found
