from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from jenkins_kit import PUBLIC, RECORDED, ROSTER, WRITERS, Clock

from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.sources.jenkins.source import JenkinsSource


@pytest.fixture
def recorded() -> Callable[[str], bytes]:
    return lambda name: json.dumps(RECORDED[name]).encode()


@pytest.fixture
def sim() -> Iterator[JenkinsSimulator]:
    with JenkinsSimulator() as simulator:
        yield simulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connect(sim: JenkinsSimulator, clock: Clock) -> Callable[..., JenkinsSource]:
    """A source for one of the simulator's accounts."""

    def make(user: str = "mfa-agent", url: str = "", token: str = "") -> JenkinsSource:
        client = Client(url or sim.url, user, token or sim.auth(user)[1])
        return JenkinsSource("main", PUBLIC, client, ROSTER.get, WRITERS.get, clock)

    return make


@pytest.fixture
def source(connect: Callable[..., JenkinsSource]) -> JenkinsSource:
    return connect()
