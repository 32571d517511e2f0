"""People and gates in every state, as the examples of the design have them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jenkins_mfa.core.model import (
    Author,
    Claim,
    Claims,
    Clause,
    Confirmation,
    Denial,
    Ending,
    Factor,
    Facts,
    Gate,
    Held,
    Parameter,
    Reason,
    Requirement,
    Revision,
    Run,
    Starter,
    State,
    Tightening,
    ToldRecord,
    Trigger,
    Trouble,
)
from jenkins_mfa.core.policy import Absence, Person, Roster

TEAM = "T01EXAMPLE"
ALICE, BOB, CAROL, DAN, GUEST = "U01ALICE", "U02BOB", "U03CAROL", "U04DAN", "U05GUEST"
DEPLOYS, OPS = "C01DEPLOYS", "C02OPS"
GATE_ID = "g_8f2c61d07b3e4a5f9c0d1e2f3a4b5c6d"
OPENED = 1_764_000_000_000  #: Nov 24, 2025, 16:00:00 UTC
MINUTE = 60_000


def person(name_id: str, name: str, account: str, *groups: str) -> Person:
    return Person(name_id, name, groups, {f"slack:{TEAM}": account, "jenkins:main": name_id})


ROSTER = Roster(
    {
        "alice": person("alice", "Alice Wu", ALICE, "release"),
        "bob": person("bob", "Bob Ray", BOB, "release"),
        "carol": person("carol", "Carol Diaz", CAROL, "release"),
        "dan": person("dan", "Dan Fox", DAN),
        "eve": Person("eve", "Eve Lin", (), {}, Absence(OPENED - 1, OPENED + 60 * MINUTE, "bob")),
    }
)

CLAIMS = Claims(
    environment="production",
    action="deploy",
    message="Deploy 1.4",
    subject_name="registry/app",
    subject_digest="sha256:" + "9c1e" * 16,
    details=(("ticket", "OPS-12"),),
    variables=(("REPLICAS", "6"),),
)
RUN = Run("main", "jenkins", "team one/deploy", "17", 1, "https://jenkins.example.com/job/team%20one/job/deploy/17/")
FACTS = Facts(
    run=RUN,
    starters=(Starter(Trigger.PERSON, "dan", "dan"),),
    revisions=(Revision("https://git.example.com/app.git", "main", "3f9a1c07be24"),),
    commits=4,
    authors=(Author("ana"), Author("dan")),
    since="16",
    parameters=(Parameter("REGION", "eu-1"),),
)


def requirement(factor: Factor = Factor.TOTP, count: int = 2) -> Requirement:
    clause = Clause("production-two", factor, count, ("alice", "bob", "carol"), ("group:release",))
    return Requirement((clause,), 1200, (DEPLOYS,), ("production-two",), "ab" * 32, ("production",))


def gate(state: State = State.PENDING, **changes: Any) -> Gate:
    """The gate of the examples: 2 of release, 20 minutes."""
    base = Gate(
        id=GATE_ID,
        generation=1,
        version=3,
        state=state,
        external_ref="ref",
        nonce="Mfa-" + "0" * 32,
        run=RUN,
        facts=FACTS,
        opened_at=OPENED,
        deadline=OPENED + 20 * MINUTE,
        first_deadline=OPENED + 20 * MINUTE,
        request_text="{}",
        request_sha256="cd" * 32,
        kids=("k1",),
        claims=CLAIMS,
        requirement=requirement(),
    )
    return replace(base, **changes)


def confirmed(who: str, minute: int, factor: Factor = Factor.TOTP) -> Confirmation:
    return Confirmation(who, factor, OPENED + minute * MINUTE, f"slack:{TEAM}/X", "cause")


BOTH = (confirmed("alice", 5), confirmed("bob", 9))
DENIED = Denial(OPENED + 12 * MINUTE, "bob", "1.4 is not on staging yet", "cause")


def ending(code: str, by: str = "", minute: int = 9) -> Ending:
    return Ending(code, OPENED + minute * MINUTE, by)


def system(code: str, **values: str) -> Denial:
    return Denial(OPENED, None, code, "open:1", values=values)


SECURITY = Clause("security", Factor.TOTP, 1, ("carol",), ("group:security",))
RELEASE = Clause("release", Factor.PUSH, 2, ("alice", "bob", "carol"), ("group:release",))
TWO_TEAMS = replace(requirement(), clauses=(SECURITY, RELEASE), rules=("security", "release"))
FREEZE = Reason(
    "rule",
    {"rule": "freeze", "on": "fact", "effect": "applies"},
    children=(
        Reason(
            "outside",
            {
                "freeze": "christmas",
                "reason": "Half the team is away.",
                "until": "2026-01-06T00:00:00Z",
            },
        ),
    ),
)
#: One of release was asked; a freeze has begun since.
MORE = replace(
    TWO_TEAMS,
    clauses=(replace(RELEASE, count=1), replace(SECURITY, rule="freeze")),
    rules=("release", "freeze"),
    tightened=(Tightening(OPENED + 5 * MINUTE, ("freeze",), (replace(SECURITY, rule="freeze"),), (FREEZE,)),),
    reasons=Reason("requirement", children=(FREEZE,)),
)
FOR_EVE = replace(requirement(), clauses=(Clause("eve", Factor.TOTP, 1, ("bob", "eve"), ("eve",)),), rules=("eve",))
REPORTED = Held("reported", OPENED + 12 * MINUTE, "dan", "bob")
PASSES = replace(requirement(), clauses=(), rules=("nightly",), passes_by=("nightly",))

#: A gate in each state that people can see, by a name for it.
STATES: dict[str, Gate] = {
    "asked": gate(),
    "one confirmed": gate(confirmations=BOTH[:1]),
    "asked for a tap": gate(requirement=requirement(Factor.PUSH, 1)),
    "asked for the number": gate(requirement=requirement(Factor.PUSH_NUMBER, 1)),
    "held, reported": gate(held=REPORTED),
    "held, many": gate(held=Held("many", OPENED, "main:jdoe")),
    "approved": gate(State.APPROVED, confirmations=BOTH, decided_at=OPENED + 9 * MINUTE),
    "sending": gate(State.SENDING, confirmations=BOTH, claim=Claim(1, 2, ("alice", "bob"), 4711, "ab")),
    "resumed": gate(
        State.RESUMED,
        version=6,
        confirmations=BOTH,
        claim=Claim(1, 2, ("alice", "bob"), 4711, "ab"),
        ending=ending("resumed", "mfa-agent"),
        decided_at=OPENED + 9 * MINUTE,
    ),
    "asked for different things": gate(requirement=TWO_TEAMS),
    "asked for more meanwhile": gate(requirement=MORE, confirmations=(confirmed("bob", 5, Factor.PUSH),)),
    "asked whoever stands in": gate(requirement=FOR_EVE),
    "passed": gate(State.APPROVED, requirement=PASSES, decided_at=OPENED),
    "passed, resumed": gate(
        State.RESUMED,
        requirement=PASSES,
        claim=Claim(1, 2, (), 4711, "ab"),
        ending=ending("resumed", "mfa-agent", 1),
        decided_at=OPENED,
    ),
    "passed, expired": gate(State.EXPIRED, requirement=PASSES, decided_at=OPENED + 20 * MINUTE),
    "denied": gate(State.DENIED, denial=DENIED, decided_at=DENIED.at),
    "denied, aborted": gate(State.ABORTED, version=5, denial=DENIED, decided_at=DENIED.at, ending=ending("aborted")),
    "no rule": gate(State.DENIED, requirement=None, denial=system("no_rule"), decided_at=OPENED),
    "bad request": gate(
        State.DENIED,
        requirement=None,
        claims=None,
        denial=system("bad_request", problem="not JSON"),
        decided_at=OPENED,
    ),
    "denied before": gate(State.DENIED, denial=system("sticky", person="bob", reason="not yet"), decided_at=OPENED),
    "replaced": gate(State.DENIED, denial=system("superseded", run="18"), decided_at=OPENED),
    "expired": gate(State.EXPIRED, confirmations=BOTH[:1], decided_at=OPENED + 20 * MINUTE),
    "expired, aborted": gate(State.ABORTED, confirmations=BOTH[:1], ending=ending("aborted", minute=20)),
    "withdrawn": gate(State.WITHDRAWN, ending=ending("aborted", "dfox")),
    "failed": gate(State.WITHDRAWN, ending=ending("FAILURE")),
    "bypassed": gate(State.BYPASSED, ending=ending("bypassed", "admin")),
    "bypassed, unclear": gate(State.BYPASSED, ending=ending("bypassed"), assurance="detected"),
    "token stolen": gate(State.BYPASSED, ending=ending("token_stolen", "mfa-agent")),
}

#: The same for those whose answer Jenkins does not take.
TROUBLES: dict[str, Trouble] = {
    "not delivered": Trouble("503", OPENED + 9 * MINUTE, OPENED + 9 * MINUTE, 1, OPENED + 9 * MINUTE + 500),
    "not sent": Trouble("accounts", OPENED + 9 * MINUTE, OPENED + 10 * MINUTE, 7, 0),
    "abort not delivered": Trouble("forbidden", OPENED + 12 * MINUTE, OPENED + 13 * MINUTE, 2, OPENED + 14 * MINUTE),
}
STATES |= {"not delivered": STATES["sending"], "not sent": STATES["approved"], "abort not delivered": STATES["denied"]}

NEW = ToldRecord(GATE_ID, 0)
