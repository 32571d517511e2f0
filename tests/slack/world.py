"""A small world for the Slack tests: people, gates in every state, a fake Answers, and the real adapter."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from jenkins_mfa.core.model import (
    Claim,
    Claims,
    Clause,
    Confirmation,
    Denial,
    Ending,
    Entry,
    Factor,
    Facts,
    Gate,
    Parameter,
    Requirement,
    Revision,
    Run,
    Starter,
    State,
    ToldRecord,
    Trigger,
)
from jenkins_mfa.core.policy import Person, Roster
from jenkins_mfa.errors import Refusal
from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.slack.accounts import Accounts
from jenkins_mfa.slack.app import SlackApp, web_client
from jenkins_mfa.slack.handlers import Handlers
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.usecases.answer import Counted, NeedsCode
from jenkins_mfa.usecases.desk import Who

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
    authors=("ana", "dan"),
    since="16",
    parameters=(Parameter("REGION", "eu-1"),),
)


def requirement(factor: Factor = Factor.TOTP, count: int = 2) -> Requirement:
    clause = Clause("production-two", factor, count, ("alice", "bob", "carol"), "group:release")
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
    return Denial(OPENED, None, code, "open", values=values)


#: A gate in each state that people can see, by a name for it.
STATES: dict[str, Gate] = {
    "asked": gate(),
    "one confirmed": gate(confirmations=BOTH[:1]),
    "asked for a tap": gate(requirement=requirement(Factor.PUSH, 1)),
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
    "replaced": gate(State.DENIED, denial=system("superseded"), decided_at=OPENED),
    "expired": gate(State.EXPIRED, confirmations=BOTH[:1], decided_at=OPENED + 20 * MINUTE),
    "expired, aborted": gate(State.ABORTED, confirmations=BOTH[:1], ending=ending("aborted", minute=20)),
    "withdrawn": gate(State.WITHDRAWN, ending=ending("aborted", "dfox")),
    "failed": gate(State.WITHDRAWN, ending=ending("FAILURE")),
    "bypassed": gate(State.BYPASSED, ending=ending("bypassed", "admin")),
    "bypassed, unclear": gate(State.BYPASSED, ending=ending("bypassed"), assurance="detected"),
    "token stolen": gate(State.BYPASSED, ending=ending("token_stolen", "mfa-agent")),
}

NEW = ToldRecord(GATE_ID, 0)


@dataclass
class FakeAnswers:
    """Answers as told: `given` is returned, or raised if it is an error; `calls` holds what was asked."""

    given: Any = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    heard: queue.SimpleQueue[tuple[Any, ...]] = field(default_factory=queue.SimpleQueue)

    def _give(self, *call: Any) -> Any:
        self.calls.append(call)
        self.heard.put(call)
        if isinstance(self.given, Exception):
            raise self.given
        return self.given

    def tap(self, jti: str, who: Who, cause: str) -> Counted | NeedsCode:
        return self._give("tap", jti, who, cause)

    def code(self, jti: str, challenge_id: str, who: Who, code: str, cause: str) -> Counted:
        return self._give("code", jti, challenge_id, who, code, cause)

    def may_deny(self, jti: str, who: Who) -> Gate:
        return self._give("may_deny", jti, who)

    def deny(self, jti: str, who: Who, reason: str, report: bool, cause: str) -> Gate:
        return self._give("deny", jti, who, reason, report, cause)


@dataclass
class FakeGates:
    """The store, as far as Slack reads it."""

    gates: list[Gate] = field(default_factory=list)
    at: int = OPENED + 9 * MINUTE
    trail: list[Entry] = field(default_factory=list)
    heard: dict[str, dict[str, object]] = field(default_factory=dict)
    error: Exception | None = None

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    def now(self) -> int:
        self._check()
        return self.at

    def gate(self, gate_id: str) -> Gate | None:
        self._check()
        return next((one for one in self.gates if one.id == gate_id), None)

    def find_gates(self, prefix: str) -> list[str]:
        self._check()
        return [one.id for one in self.gates if one.id.removeprefix("g_").startswith(prefix)][:10]

    def open_gates(self) -> list[Gate]:
        self._check()
        return [one for one in self.gates if not one.state.settled]

    def entries(self, gate_jti: str) -> list[Entry]:
        self._check()
        return [one for one in self.trail if one.gate == gate_jti]

    def beats(self) -> dict[str, dict[str, object]]:
        self._check()
        return self.heard


@dataclass
class World:
    """Everything that runs in one test."""

    slack: SlackSimulator
    messenger: SlackMessenger
    answers: FakeAnswers
    gates: FakeGates

    def post(self, shown: Gate | None = None) -> str:
        """Ask about a gate; returns the ts of the message in #deploys."""
        shown = shown or gate()
        self.gates.gates = [shown]
        return self.messenger.tell(shown, NEW, 0).messages[0].ts

    def refuse(self, code: str, **values: str) -> None:
        self.answers.given = Refusal(code, values)


def populate(slack: SlackSimulator) -> None:
    """Alice, Bob, Carol may approve; Dan starts builds; a guest looks on."""
    for account, name in ((ALICE, "Alice Wu"), (BOB, "Bob Ray"), (CAROL, "Carol Diaz"), (DAN, "Dan Fox")):
        slack.add_user(account, name)
    slack.add_user(GUEST, "Gil", guest=True)
    slack.add_channel(DEPLOYS, "deploys", members=[ALICE, BOB, CAROL, DAN, GUEST])
    slack.add_channel(OPS, "ops", members=[ALICE])


def messenger(slack: SlackSimulator, clock: Callable[[], float] = lambda: 0.0) -> SlackMessenger:
    client = web_client(slack.bot_token, slack.base_url)
    return SlackMessenger(client, ROSTER, TEAM, DEPLOYS, OPS, Accounts(client, TEAM, clock))


@contextmanager
def connected(slack: SlackSimulator) -> Iterator[World]:
    """The real app on its two connections, with a fake Answers behind it."""
    talker = messenger(slack)
    world = World(slack, talker, FakeAnswers(), FakeGates())
    app = SlackApp(talker.client, slack.app_token, slack.base_url)
    Handlers(world.answers, world.gates, talker).register(app.bolt)
    app.connect()
    try:
        slack.wait_for(lambda s: s.connections == 2)
        yield world
    finally:
        app.close()
