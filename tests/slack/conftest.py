"""One simulated Slack for each test; the app on its sockets where a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from world import World, connected, messenger, populate

from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.slack.messenger import SlackMessenger


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as running:
        populate(running)
        yield running


@pytest.fixture
def talker(slack: SlackSimulator) -> SlackMessenger:
    return messenger(slack)


@pytest.fixture
def world(slack: SlackSimulator) -> Iterator[World]:
    with connected(slack) as running:
        yield running
