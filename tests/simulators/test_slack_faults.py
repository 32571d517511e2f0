"""What can go wrong with calls of the simulated Slack, seen through the real slack_sdk client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.error import URLError

import pytest
from slack_app import DEPLOYS, Clock, client, populate, refused
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from jenkins_mfa.simulators.slack import SlackSimulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackSimulator]:
    with SlackSimulator(now=clock) as running:
        populate(running)
        yield running


def test_one_message_a_second_and_channel(slack: SlackSimulator, clock: Clock) -> None:
    """With the pace switched on the second message of a second is a 429 with Retry-After."""
    slack.pace(1.0)
    slack.add_channel("C2", "other")
    web = client(slack)
    web.chat_postMessage(channel=DEPLOYS, text="1")
    web.chat_postMessage(channel="C2", text="other channels have their own pace")
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel=DEPLOYS, text="2")
    response = caught.value.response
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (429, "ratelimited", "1")
    clock.seconds += 1
    web.chat_postMessage(channel=DEPLOYS, text="2")
    assert len(slack.messages(DEPLOYS)) == 2


def test_planned_faults(slack: SlackSimulator) -> None:
    """A method fails as planned, as often as planned, and then works again."""
    post = {"channel": DEPLOYS, "text": "x"}
    slack.fail_next("chat.postMessage", "ratelimited", retry_after=0)
    retrying = client(slack, retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=1)])
    assert retrying.chat_postMessage(**post)["ok"]
    slack.fail_next("chat.postMessage", "500", times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            client(slack).chat_postMessage(**post)
        assert caught.value.response.status_code == 500
    slack.fail_next("chat.postMessage", "internal_error")
    assert refused(client(slack).chat_postMessage, **post)["error"] == "internal_error"
    assert client(slack).chat_postMessage(**post)["ok"]
    assert [call.answer["ok"] for call in slack.calls("chat.postMessage")] == [False, True, False, False, False, True]


def test_an_answer_that_is_lost(slack: SlackSimulator) -> None:
    """A lost answer: the message stands there, the caller only sees a broken connection."""
    slack.fail_next("chat.postMessage", "lost")
    with pytest.raises((OSError, URLError)):
        client(slack, retry_handlers=[]).chat_postMessage(channel=DEPLOYS, text="x")
    assert len(slack.messages(DEPLOYS)) == 1


def test_an_answer_that_never_comes(slack: SlackSimulator) -> None:
    """A hanging call ends with the caller's timeout, and changes nothing."""
    slack.fail_next("chat.postMessage", "hang")
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        client(slack, timeout=1, retry_handlers=[]).chat_postMessage(channel=DEPLOYS, text="x")
    assert time.monotonic() - started < 5
    assert slack.messages(DEPLOYS) == []


def test_an_outage_and_the_end_of_it(slack: SlackSimulator) -> None:
    """During an outage connections are refused; afterwards all is as it was, at the same address."""
    client(slack).chat_postMessage(channel=DEPLOYS, text="before")
    slack.outage()
    with pytest.raises(URLError):
        client(slack, retry_handlers=[]).auth_test()
    slack.recover()
    assert client(slack).auth_test()["ok"]
    assert [message.text for message in slack.messages(DEPLOYS)] == ["before"]
