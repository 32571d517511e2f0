from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest
from jenkins_kit import gate_input

from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.simulators.jenkins_model import Library
from jenkins_mfa.sources.jenkins import check
from jenkins_mfa.sources.jenkins.check import Finding
from jenkins_mfa.sources.jenkins.client import Client, Reply
from jenkins_mfa.sources.jenkins.source import JenkinsSource

Connect = Callable[..., JenkinsSource]


def look(source: JenkinsSource, public_url: str = "") -> dict[str, Finding]:
    found = check.inspect(source.client, public_url or source.client.url, "jenkins-mfa", int(time.time() * 1000))
    return {finding.code: finding for finding in found}


def test_a_right_set_up_has_no_finding(sim: JenkinsSimulator, connect: Connect) -> None:
    """Least permissions are enough; the version is told."""
    sim.paused("a", gate_input())
    found = look(connect("agent-min"))
    assert all(finding.ok for finding in found.values())
    assert found.keys() >= {"reachable", "account", "library"}
    assert found["account"].says == "account agent-min (Overall/Read, Job/Read)"
    assert sim.controller.profile.version in found["reachable"].says
    assert found["library"].says == "library jenkins-mfa v0.1.0, no override"


def test_a_controller_that_is_down_is_one_finding(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """With what to look at."""
    sim.go_down()
    assert [(f.code, f.ok) for f in look(source).values()] == [("reachable", False)]


def test_a_wrong_token_is_found(connect: Connect) -> None:
    """Jenkins answers 401."""
    assert "401" in look(connect(token="wrong"))["reachable"].says


def test_a_missing_overall_read_is_found(connect: Connect) -> None:
    """Jenkins answers 403, and we say what to grant."""
    found = look(connect("stranger"))["overall_read"]
    assert not found.ok
    assert "Overall/Read" in found.mend


def test_a_missing_job_read_is_found(sim: JenkinsSimulator, connect: Connect) -> None:
    """Without it builds are silently invisible: only the empty list of jobs shows it."""
    sim.paused("a", gate_input(submitter="noread"))
    found = look(connect("noread"))["job_read"]
    assert not found.ok
    assert "Job/Read" in found.mend


def test_a_user_spelled_otherwise_is_found(sim: JenkinsSimulator, connect: Connect) -> None:
    """Jenkins compares ids without case; inputs and records then do not match ours."""
    sim.faults.body("/whoAmI", b'{"name": "MFA-Agent", "anonymous": false}')
    assert not look(connect())["account"].ok


def test_another_public_url_is_found(source: JenkinsSource) -> None:
    """The library finds its source by the controller's own URL."""
    found = look(source, "https://elsewhere.example/")["public_url"]
    assert not found.ok
    assert source.client.url in found.says


def test_a_shutdown_is_found(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Answers wait until it is over."""
    sim.quiet_down()
    assert not look(source)["shutdown"].ok


def test_a_missing_plugin_is_found_where_plugins_may_be_read(sim: JenkinsSimulator, connect: Connect) -> None:
    """The list needs more rights than the agent needs; without them nothing is said."""
    sim.controller.plugins = dict.fromkeys(check.PLUGINS, "1")
    assert look(connect("admin"))["plugins"].ok
    del sim.controller.plugins["pipeline-input-step"]
    assert "pipeline-input-step" in look(connect("admin"))["plugins"].says
    assert "plugins" not in look(connect())


def test_an_untrusted_library_with_our_step_is_found(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A folder's library of the same name wins over the global one."""
    sim.job("a", libraries=(Library("jenkins-mfa", "v0.1.0", trusted=False, variables=("mfaGate",)),))
    sim.paused("a", gate_input())
    assert not look(source)["library"].ok


def test_our_step_from_a_library_of_another_name_is_found(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """The agent denies every build that did not load the library of the configured name."""
    sim.job("a", libraries=(Library("mfa", "v0.1.0", trusted=True, variables=("mfaGate",)),))
    sim.paused("a", gate_input())
    found = look(source)["library"]
    assert not found.ok
    assert "mfa v0.1.0" in found.says


@pytest.mark.parametrize(("date", "ok"), [(29, True), (-29, True), (31, False), (-31, False)])
def test_clocks_that_are_apart_are_found(date: int, ok: bool) -> None:
    """Receipts are refused beyond 30 s."""
    reply = Reply(b"", date="Thu, 01 Jan 1970 00:16:40 GMT")
    (found,) = check._clock(reply, (1000 + date) * 1000)
    assert found.ok is ok


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Jan 1970 00:00:00 GMT"])
def test_a_date_that_is_none_is_no_finding(date: str) -> None:
    """A container may leave it out."""
    assert list(check._clock(Reply(b"", date=date), 0)) == []


def test_anything_at_that_port_is_a_finding_and_no_crash() -> None:
    """A check never ends in a stack trace."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")

    thread = threading.Thread(target=serve)
    thread.start()
    found = check.inspect(Client(f"http://127.0.0.1:{listener.getsockname()[1]}", "a", "b"), "http://x", "lib", 0)
    thread.join()
    listener.close()
    assert [finding.ok for finding in found] == [False]
