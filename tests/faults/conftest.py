"""A server that tests of faults may empty and kill."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import STAGING
from store_server import Server, server_binary


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One for each module."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        own = Server(server_binary(), Path(folder))
        own.start()
        yield own
        own.kill()


@pytest.fixture(scope="module")
def bodies() -> Counter[str]:
    """How often the body of each build has run, by number."""
    return Counter()


@pytest.fixture(scope="module")
def world(bodies: Counter[str]) -> Iterator[World]:
    """One world for all, without its own agent."""

    def pipeline(build: Build) -> None:
        def body() -> None:
            bodies[str(build.number)] += 1

        build.mfa_gate(body, environment="staging", action="deploy", message="Deploy 1.4", watchEnv=["REPLICAS"])

    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        made.stop_agent()
        made.slack.wait_for(lambda slack: not slack.connections, 10)
        made.slack.ack_seconds = 1.0
        made.jenkins.job(STAGING, pipeline, env={"REPLICAS": "2"})
        yield made
