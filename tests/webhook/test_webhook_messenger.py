"""The second messenger: gates are announced to a webhook on a real socket, signed, and nobody answers through it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builders import ROSTER, policy, rule
from desk_world import World
from fakes import FakeMessenger, code_of
from jenkins_mfa.core.model import Alert, Commit, Factor, State, ToldRecord
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import MessengerUnavailableError
from jenkins_mfa.hook import Hook as Hooked
from jenkins_mfa.usecases import terminal
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.webhook.messenger import WebhookMessenger
from receivers import SECRET, Files, Hook, webhook

LOGINS = Roster(
    {one.id: replace(one, identities={**one.identities, "operator:local": one.id}) for one in ROSTER.people.values()}
)


@pytest.fixture(scope="module")
def files() -> Iterator[Files]:
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        yield Files(Path(folder))


@pytest.fixture
def receiver(files: Files) -> Iterator[Hook]:
    with webhook(files) as running:
        yield running


def announcer(files: Files, url: str, rules: Rules) -> WebhookMessenger:
    return WebhookMessenger(Hooked(url, files.secret, files.tls), rules)


def listened(files: Files, url: str) -> World:
    """A world whose people are asked as ever, and whose gates are announced as well."""
    made = World()
    made.desk = replace(made.desk, announcer=announcer(files, url, made.desk.rules))
    return made


def said(receiver: Hook) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in receiver.calls]


def test_the_port_needs_no_slack(files: Files, receiver: Hook) -> None:
    """A desk that has this messenger alone opens a gate, takes a code at a terminal, and lets the build go on."""
    made = World(rules=policy(rule(factor=Factor.TOTP)))
    rules = Rules(made.desk.policy, LOGINS)
    made.desk = replace(made.desk, rules=rules, messenger=announcer(files, receiver.url, rules))
    made.watch.__init__(made.desk, made.source)  # type: ignore[misc]
    made.answers = Answers(made.desk)
    made.enrol("alice")
    made.open()
    made.deliver()
    who = Who("operator:local", "alice")
    asked = terminal.ask_code(made.desk, made.gate.jti, who, "ask")
    made.answers.code(made.gate.jti, asked.challenge_id, who, code_of("alice", made.clock), "typed")
    made.clock.move(seconds=1)
    made.deliver()
    assert made.gate.state is State.RESUMED
    kinds = [one["type"] for one in said(receiver)]
    assert (kinds[0], kinds[-1]) == ("gate.pending", "gate.resumed")
    assert said(receiver)[-1]["data"]["confirmations"][0]["person"] == "alice"


def test_each_state_is_announced_once_beside_slack(files: Files, receiver: Hook) -> None:
    """In the order in which it came about; a message that is shown anew says nothing new."""
    made = listened(files, receiver.url)
    made.open()
    made.deliver()
    assert [one["type"] for one in said(receiver)] == ["gate.pending"]
    told = made.store.told(made.gate.id)
    made.store.put(replace(told, stale=True))
    made.store.commit(Commit("again", (), lanes=(f"tell:{made.gate.id}", f"announce:{made.gate.id}")))
    made.deliver()
    made.deny("alice")
    made.clock.move(seconds=1)
    made.deliver()
    kinds = [one["type"] for one in said(receiver)]
    assert kinds[0] == "gate.pending"
    assert kinds[-1] == "gate.aborted"
    assert len(kinds) == len(set(kinds))
    assert said(receiver)[-1]["data"]["denial"]["reason"] == "not on staging yet"
    assert len(made.messenger.told) >= 2


def test_a_receiver_can_verify_each_call_by_hand(files: Files, receiver: Hook) -> None:
    """Standard Webhooks: HMAC-SHA256 over id, time and body; another body or time has another signature."""
    made = listened(files, receiver.url)
    made.open()
    made.deliver()
    ((headers, body),) = receiver.calls
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == f"{made.gate.id}-1-{made.gate.version}"


def test_a_receiver_that_is_away_gets_the_present_state_later_and_holds_nobody_up(files: Files, receiver: Hook) -> None:
    """Its lane is tried again with pauses; what came and went meanwhile is not told any more."""
    made = listened(files, receiver.url)
    receiver.answers = 503
    made.open()
    made.deliver()
    assert [one.state for one in made.messenger.told] == [State.PENDING]
    made.deny("alice")
    made.clock.move(seconds=1)
    made.deliver()
    assert made.gate.state is State.ABORTED
    tried = len(receiver.calls)
    assert tried >= 2
    receiver.answers = 204
    made.clock.move(seconds=60)
    made.deliver()
    assert [one["type"] for one in said(receiver)[tried:]] == ["gate.aborted"]
    made.clock.move(seconds=600)
    made.deliver()
    assert len(receiver.calls) == tried + 1


def test_ops_are_told_once_a_day_and_nothing_is_parked() -> None:
    """A dead receiver is one alert, however many gates there are; what is given up in the end is gone."""
    made = World()
    made.desk = replace(made.desk, announcer=FakeMessenger(error=MessengerUnavailableError("no answer in time")))
    for number in range(3):
        made.source.pauses[f"ref-{number}"] = f"Mfa-{number:032x}"
    made.open()
    for _ in range(215):
        made.deliver(40)
        made.clock.move(seconds=60)
    told = [one for one in made.messenger.alerts if one.code == "unheard"]
    assert [one.values["problem"] for one in told] == ["no answer in time"]
    assert made.store.backlog().parked == 0
    assert not [name for name in made.store.lanes if name.startswith("announce:")]


def test_slack_that_is_away_keeps_nothing_from_the_receiver(files: Files, receiver: Hook) -> None:
    """It is announced before people are told."""
    made = listened(files, receiver.url)
    made.messenger.error = MessengerUnavailableError("away")
    made.open()
    made.deliver()
    assert made.messenger.told == []
    assert [one["type"] for one in said(receiver)] == ["gate.pending"]


def test_what_only_the_asked_may_read_is_in_no_call(files: Files, receiver: Hook) -> None:
    """No nonce, number, receipt or request, and nothing that the Jenkinsfile says."""
    made = listened(files, receiver.url)
    made.open()
    made.deliver()
    made.tap("alice")
    made.clock.move(seconds=1)
    made.deliver()
    sent = b"".join(body for _, body in receiver.calls).decode()
    assert made.gate.state is State.RESUMED
    for secret in (made.gate.nonce, "493817", "Deploy 1.4", made.gate.request_sha256, *made.source.receipts):
        assert secret not in sent
    assert SECRET not in sent


def test_nobody_is_vouched_for(files: Files, receiver: Hook) -> None:
    """An answer through a webhook would be anybody's."""
    made = listened(files, receiver.url)
    talker = made.desk.announcer
    assert talker is not None
    with pytest.raises(MessengerUnavailableError):
        talker.inactive(["alice"])
    assert LOGINS.find(talker.issuer, "alice") is None


def test_an_announcement_that_is_left_over_is_let_go(files: Files, receiver: Hook) -> None:
    """[webhook] was taken out of config.toml: nothing is sent, and no lane stays."""
    made = listened(files, receiver.url)
    receiver.answers = 500
    made.open()
    made.deliver()
    made.desk = replace(made.desk, announcer=None)
    made.clock.move(seconds=60)
    made.deliver()
    assert not [name for name in made.store.lanes if name.startswith("announce:")]


def test_alerts_and_counts_have_a_form_of_their_own(files: Files, receiver: Hook) -> None:
    """The rest of the port: what ops read, who waits in line, what is held back."""
    made = listened(files, receiver.url)
    talker = made.desk.announcer
    assert talker is not None
    talker.alert(Alert("policy_right:1", "policy_right", made.clock.now()), None)
    assert talker.tell_line("dan", [made.open()], 5, ToldRecord("many:dan", 3)).shown == 1
    assert talker.tell_flood("web", 7, [], ToldRecord("flood:web", 0)).version == 1
    alert, line, flood = said(receiver)
    assert (alert["type"], alert["data"]["text"]) == (
        "alert.policy_right",
        "Policy and roster on disk are right again, and hold.",
    )
    assert (line["type"], line["data"]["waiting"]) == ("requester.waiting", 1)
    assert flood == {"type": "pipeline.flooded", "data": {"pipeline": "web", "waiting": 7}}
