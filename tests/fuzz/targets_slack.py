"""What Slack sends, buttons, forms and commands, and what its Web API answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from fuzz_kit import target
from fuzz_sockets import answering
from slack_sdk import WebClient

from builders import gate, policy
from desk_world import World
from jenkins_mfa.core.model import Act, Alert, Message, ToldRecord
from jenkins_mfa.core.policy import Person, Roster
from jenkins_mfa.errors import MessengerError, Refusal, UntrustedInputError
from jenkins_mfa.slack import check, dialogs, payloads, views
from jenkins_mfa.slack.accounts import Accounts
from jenkins_mfa.slack.acts import ActForms
from jenkins_mfa.slack.app import web_client
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.calls import call
from jenkins_mfa.slack.commands import Commands
from jenkins_mfa.slack.glass import GlassCommands
from jenkins_mfa.slack.handlers import Handlers
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.slack.own import OwnCommands
from jenkins_mfa.slack.people import People
from jenkins_mfa.slack.usergroups import UserGroups
from jenkins_mfa.usecases.rules import Rules

TEAM, USER, CHANNEL, TS = "T01EXAMPLE", "U01ALICE", "C01DEPLOYS", "1764000000.000100"
JTI = "g_" + "8f2c" * 8 + ".1"
ABOUT = [views.About(JTI, "c_0123456789abcdef", CHANNEL), views.About("", "c_1", CHANNEL, Act("unlock", "bob ü"))]
WHO = {"user": {"id": USER, "team_id": TEAM}, "team": {"id": TEAM}, "trigger_id": "1.2.abc"}
ROSTER = Roster({"alice": Person("alice", "Alice Wu", ("release",), {f"slack:{TEAM}": USER})})


class Refusing:
    """Every use case, for somebody who may not."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def use(*_: object, **__: object) -> Any:
            raise Refusal("not_eligible")

        return (lambda _: "") if name == "page" else use


def everything() -> Commands:
    """The command with all that it leads to: a store with a gate, and use cases that refuse."""
    world = World()
    world.open()
    client = web_client("xoxb-1-secret", "http://127.0.0.1:1/api/")
    messenger = SlackMessenger(client, people(), TEAM, CHANNEL, "C02OPS", Accounts(client, TEAM))
    use: Any = Refusing()
    all_ = Handlers(use, world.store, messenger, use, use, use)
    glass, own = GlassCommands(use, all_.sentences), OwnCommands(use, world.store, all_.sentences)
    return Commands(world.store, messenger, glass, ActForms(use, all_.dialogs), all_, own)


def people() -> Rules:
    """Alice, and a group of Slack."""
    return Rules(policy(outside={"oncall": "S01ONCALL"}), ROSTER, f"slack:{TEAM}")


COMMANDS = everything()


def pressed() -> Iterator[bytes]:
    for value in (JTI, "ab" * 32):
        action = {"action_id": "gate_approve", "type": "button", "value": value, "action_ts": TS}
        at = {"channel_id": CHANNEL, "message_ts": TS, "is_ephemeral": True}
        yield json.dumps({**WHO, "type": "block_actions", "actions": [action], "container": at}).encode()
        home = {"container": {"type": "view", "view_id": "V01"}, "view": {"type": "home"}}
        yield json.dumps({**WHO, "type": "block_actions", "actions": [action], **home}).encode()


def sent() -> Iterator[bytes]:
    values = {
        "code": {"code": {"type": "plain_text_input", "value": "123 456"}},
        "number": {"number": {"type": "plain_text_input", "value": None}},
        "reason": {"reason": {"type": "plain_text_input", "value": "not on staging yet"}},
        "report": {"report": {"type": "checkboxes", "selected_options": [{"value": "report"}]}},
    }
    for about in ABOUT:
        view = {"id": "V01", "private_metadata": str(about), "state": {"values": values}}
        yield json.dumps({**WHO, "type": "view_submission", "view": view}).encode()


def typed() -> Iterator[bytes]:
    said = ["", "pending 2", "show 0000", "why 0000", "approve 0000", "unlock <@U02BOB|bob>"]
    said.append("break-glass 0000 the site is <https://a.example|down>")
    for text in (*said, "release main:jdoe", "123456"):
        who = {"team_id": TEAM, "user_id": USER, "channel_id": CHANNEL, "trigger_id": "1.2.abc"}
        yield json.dumps({**who, "command": "/mfa", "text": text}).encode()


def body(data: bytes) -> dict[str, Any]:
    """An envelope's payload, as the SDK hands it over: some object. Raises UntrustedInputError for none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise UntrustedInputError("no JSON") from None
    if not isinstance(found, dict):
        raise UntrustedInputError("no object")
    return found


@target(UntrustedInputError, Refusal, seeds=pressed)
def slack_button(data: bytes) -> object:
    """A button: of a gate, of an enrolment, or of neither."""
    found = body(data)
    dialogs.account(found)
    if not payloads.matchable(found):
        raise UntrustedInputError("it names no action")
    with suppress(UntrustedInputError, Refusal):
        return payloads.vouch(found, TEAM)
    with suppress(UntrustedInputError, Refusal):
        payloads.about_themselves(found, TEAM)
    return payloads.press(found, TEAM)


def looked() -> Iterator[bytes]:
    for tab in ("home", "messages"):
        event = {"type": "app_home_opened", "user": USER, "tab": tab, "channel": "D01"}
        yield json.dumps({"team_id": TEAM, "type": "event_callback", "event_id": "Ev01", "event": event}).encode()


@target(UntrustedInputError, Refusal, seeds=looked)
def slack_event(data: bytes) -> object:
    """Somebody opened App Home."""
    return payloads.opened(body(data), TEAM)


@target(UntrustedInputError, Refusal, seeds=sent)
def slack_form(data: bytes) -> object:
    """A form with all fields that ours have: each is read by itself."""
    form = payloads.form(body(data), TEAM)
    for name in ("code", "number", "reason"):
        with suppress(UntrustedInputError):
            assert len(views.typed(form.view, name)) <= 1_000
    return views.ticked(form.view, "report", "report")


@target(UntrustedInputError, seeds=lambda: [str(about).encode() for about in ABOUT])
def slack_metadata(data: bytes) -> object:
    """What a form carries from its opening to its sending."""
    found = views.read_about(data.decode(errors="surrogateescape"))
    assert views.read_about(str(found)) == found
    return found


@target(UntrustedInputError, Refusal, seeds=typed)
def slack_command(data: bytes) -> object:
    """A slash command, its words, mentions and links."""
    found = payloads.command(body(data), TEAM)
    rest = found.text.partition(" ")[2]
    return [payloads.mentioned(rest), payloads.readable(rest), COMMANDS._answer(found, "alice")]


def answers() -> Iterator[bytes]:
    whole = {
        "ok": True,
        "team_id": TEAM,
        "team": "Example",
        "ts": TS,
        "users": [USER],
        "url": "wss://a.example",
        "user": {"id": USER, "team_id": TEAM, "real_name": "Alice Wu"},
    }
    yield json.dumps({**whole, "channel": CHANNEL}).encode()
    yield json.dumps({**whole, "channel": {"id": CHANNEL, "name": "deploys", "is_member": True}}).encode()
    for code in ("ratelimited", "channel_not_found", "message_not_found", "invalid_auth", "msg_too_long"):
        yield json.dumps({"ok": False, "error": code}).encode()


@target(MessengerError, seeds=answers)
def slack_answer(data: bytes) -> object:
    """The body of the Web API's answers, to each call that we make: each by itself, the last one's is the target's."""
    client = web_client("xoxb-1-secret", "http://slack.example/api/")
    messenger = SlackMessenger(client, people(), TEAM, CHANNEL, "C02OPS", Accounts(client, TEAM))
    shown, note = gate(), Payload("a", [])
    known = ToldRecord(shown.id, 1, 1, (Message(CHANNEL, TS),))
    calls: list[Callable[[], object]] = [
        lambda: messenger.tell_line("dan", [shown], 5, known),
        lambda: messenger.alert(Alert("a", "policy_right", 0, to="alice"), None),
        lambda: messenger.inactive(["alice"]),
        lambda: messenger.whisper(CHANNEL, USER, note),
        lambda: people_of(client).by_email("alice.wu@example.com"),
        lambda: people_of(client).account(USER),
        lambda: UserGroups(client).accounts("S01ONCALL"),
    ]
    headers = {"content-type": "application/json", "x-oauth-scopes": "chat:write", "retry-after": "7"}
    answer = {"status": 200, "headers": headers, "body": data.decode(errors="replace")}
    with patch.object(client, "_perform_urllib_http_request_internal", lambda *_: answer):
        messenger.asked_in(shown)
        messenger.settle(CHANNEL, TS, [])
        check.user_groups(messenger)
        check.inspect(messenger, client, {"[slack] channel": CHANNEL}, ["alice"])
        for one in calls[:-1]:
            with suppress(MessengerError):
                one()
        return calls[-1]()


def people_of(client: WebClient) -> People:
    """Where Slack asks for a pause nobody waits."""
    return People(client, TEAM, lambda _: None)


def responses() -> Iterator[bytes]:
    for answer in answers():
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\r\n" + answer
    for status in (302, 404, 429, 500, 503):
        head = b"HTTP/1.1 %d X\r\nRetry-After: 30\r\nLocation: http://a.example/\r\nContent-Type: text/html\r\n\r\n"
        yield head % status + b"<html>"


@target(MessengerError, seeds=responses)
def slack_socket(data: bytes) -> object:
    """Bytes on the socket, in the place of HTTP: its headers say how long to wait, and in what the body is written."""
    client = web_client("xoxb-1-secret", "http://slack.example/api/")
    with answering(data):
        return call(client.auth_test)
