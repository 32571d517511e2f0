"""A small world for the Slack tests: people, gates in every state, a fake Answers, and the real adapter."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from samples import ALICE, BOB, CAROL, DAN, DEPLOYS, GUEST, MINUTE, NEW, OPENED, OPS, ROSTER, TEAM, gate

from jenkins_mfa.core.model import (
    Act,
    Commit,
    Entry,
    Flood,
    FloodsRecord,
    Gate,
    PersonRecord,
    ReviewsRecord,
    ToldRecord,
    Trouble,
)
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.slack.accounts import Accounts
from jenkins_mfa.slack.app import SlackApp, web_client
from jenkins_mfa.slack.handlers import Handlers
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.slack.pace import Pace
from jenkins_mfa.usecases.acts import NeedsCode as NeedsAct
from jenkins_mfa.usecases.acts import NeedsPage
from jenkins_mfa.usecases.answer import Tapped
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.loss import Ended
from jenkins_mfa.usecases.rules import Rules

NO_POLICY = Policy((), (), None, "")  #: messages are told without it


@dataclass
class FakeAnswers:
    """Answers as told: `given` is returned, or raised if it is an error; `calls` holds what was asked."""

    given: Any = None
    pages: str = ""
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    heard: queue.SimpleQueue[tuple[Any, ...]] = field(default_factory=queue.SimpleQueue)

    def _give(self, *call: Any) -> Any:
        self.calls.append(call)
        self.heard.put(call)
        if isinstance(self.given, Exception):
            raise self.given
        return self.given

    def tap(self, jti: str, who: Who, cause: str, *, seen: bool = True) -> Tapped:
        return self._give("tap", jti, who, cause, *([] if seen else ["unseen"]))

    def retract(self, jti: str, who: Who, cause: str) -> Gate:
        return self._give("retract", jti, who, cause)

    def code(self, jti: str, challenge_id: str, who: Who, code: str, cause: str) -> Counted:
        return self._give("code", jti, challenge_id, who, code, cause)

    def number(self, jti: str, challenge_id: str, who: Who, number: str, cause: str) -> Counted:
        return self._give("number", jti, challenge_id, who, number, cause)

    def open(self, jti: str, who: Who, reason: str, cause: str) -> Gate:
        return self._give("open", jti, who, reason, cause)

    def review(self, jti: str, who: Who, note: str, cause: str) -> Gate:
        return self._give("review", jti, who, note, cause)

    def begin(self, act: Act, who: Who, cause: str) -> NeedsAct | NeedsPage:
        return self._give("begin", act, who, cause)

    def finish(self, act: Act, challenge_id: str, who: Who, code: str, cause: str) -> None:
        self._give("finish", act, challenge_id, who, code, cause)

    def page(self, person: str) -> str:
        return self.pages and f"{self.pages}/open#token-of-{person}"

    def lose(self, who: Who) -> Ended:
        return self._give("lose", who)

    def may_deny(self, jti: str, who: Who) -> Gate:
        return self._give("may_deny", jti, who)

    def deny(self, jti: str, who: Who, reason: str, report: bool, cause: str) -> Gate:
        return self._give("deny", jti, who, reason, report, cause)


NOTHING = ReviewsRecord(0, ())


@dataclass
class FakeGates:
    """The store, as far as Slack reads it."""

    gates: list[Gate] = field(default_factory=list)
    over: tuple[Flood, ...] = ()
    at: int = OPENED + 9 * MINUTE
    trail: list[Entry] = field(default_factory=list)
    heard: dict[str, dict[str, object]] = field(default_factory=dict)
    record: ToldRecord = NEW
    noted: list[str] = field(default_factory=list)
    troubles: dict[str, Trouble] = field(default_factory=dict)
    people: dict[str, PersonRecord] = field(default_factory=dict)
    to_review: ReviewsRecord = NOTHING
    damaged: list[DamagedError] = field(default_factory=list)
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

    def damaged_gates(self) -> list[DamagedError]:
        self._check()
        return self.damaged

    def entries(self, gate_jti: str) -> list[Entry]:
        self._check()
        return [one for one in self.trail if one.gate == gate_jti]

    def told(self, gate_id: str) -> ToldRecord:
        self._check()
        return self.record if self.record.gate == gate_id else ToldRecord(gate_id, 0)

    def commit(self, commit: Commit) -> None:
        self._check()
        for record in commit.records:
            self.record = record  # type: ignore[assignment]
        self.noted += commit.lanes

    def person(self, person: str) -> PersonRecord:
        self._check()
        return self.people.get(person, PersonRecord(person, 0))

    def floods(self) -> FloodsRecord:
        self._check()
        return FloodsRecord(1, self.over)

    def reviews(self) -> ReviewsRecord:
        self._check()
        return self.to_review

    def trouble(self, lane: str) -> Trouble | None:
        self._check()
        return self.troubles.get(lane)

    def beat(self, name: str, value: dict[str, object]) -> None:
        self._check()
        self.heard[name] = value

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
    accounts, pace = Accounts(client, TEAM, clock), Pace(clock)
    return SlackMessenger(client, Rules(NO_POLICY, ROSTER), TEAM, DEPLOYS, OPS, accounts, pace)


@contextmanager
def connected(slack: SlackSimulator) -> Iterator[World]:
    """The real app on its two connections, with a fake Answers behind it."""
    talker = messenger(slack)
    world = World(slack, talker, FakeAnswers(), FakeGates())
    app = SlackApp(talker.client, slack.app_token, slack.base_url)
    Handlers(world.answers, world.gates, talker, world.answers, world.answers, world.answers).register(app.bolt)
    app.connect()
    try:
        slack.wait_for(lambda s: s.connections == 2)
        yield world
    finally:
        app.close()
