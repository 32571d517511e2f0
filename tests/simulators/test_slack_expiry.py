"""What expires in the simulated Slack: trigger_ids and response_urls, on a clock that the tests move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_app import ALICE, DEPLOYS, Clock, buttons, client, connected, form, new_app, populate, post, words
from slack_bolt import App
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from jenkins_mfa.simulators.slack import SlackSimulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackSimulator]:
    with SlackSimulator(now=clock) as running:
        populate(running)
        yield running


@pytest.fixture
def app(slack: SlackSimulator) -> Iterator[App]:
    bolt = new_app(slack)
    with connected(slack, bolt):
        yield bolt


def test_a_trigger_opens_one_modal_within_three_seconds(slack: SlackSimulator, app: App, clock: Clock) -> None:
    """trigger_id: used once, for 3 s; a broken view does not use it up."""
    triggers: list[str] = []
    app.action("approve")(lambda ack, body: (ack(), triggers.append(body["trigger_id"])))
    ts = post(slack)
    for _ in range(2):
        slack.press(ALICE, DEPLOYS, ts, "approve")
    slack.wait_for(lambda _: len(triggers) == 2)

    def code(trigger: str, view: dict[str, Any]) -> str:
        try:
            client(slack).views_open(trigger_id=trigger, view=view)
        except SlackApiError as error:
            return str(error.response["error"])
        return "ok"

    assert code(triggers[0], form(title=words("x" * 25))) == "invalid_arguments"
    assert [code(triggers[0], form()) for _ in range(2)] == ["ok", "exchanged_trigger_id"]
    clock.seconds += 3.1
    assert code(triggers[1], form()) == "expired_trigger_id"
    assert code("made-up", form()) == "invalid_trigger_id"


def test_response_url_five_times_for_thirty_minutes(slack: SlackSimulator, app: App, clock: Clock) -> None:
    """response_url: five uses, thirty minutes, private unless it replaces the message."""
    urls: list[str] = []
    app.action("approve")(lambda ack, body: (ack(), urls.append(body["response_url"])))
    ts = post(slack)
    for _ in range(2):
        slack.press(ALICE, DEPLOYS, ts, "approve")
    slack.wait_for(lambda _: len(urls) == 2)
    answers = [WebhookClient(urls[0]).send(text=f"Answer {n}") for n in range(4)]
    answers.append(WebhookClient(urls[0]).send(text="Replaced", blocks=buttons()[:1], replace_original=True))
    answers.append(WebhookClient(urls[0]).send(text="Too many"))
    assert [(one.status_code, one.body) for one in answers] == [(200, "ok")] * 5 + [(404, "used_url")]
    assert [message.text for message in slack.ephemerals(ALICE)] == [f"Answer {n}" for n in range(4)]
    assert [(message.text, len(message.edits)) for message in slack.messages(DEPLOYS)] == [("Replaced", 1)]
    clock.seconds += 1801
    assert WebhookClient(urls[1]).send(text="late").body == "expired_url"
