"""How long a build waits for a security key's answer: from the signed answer that a page sends to Jenkins' proceed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

import requests

from benchmarks import gates
from benchmarks.figures import Figure, Sizes
from benchmarks.latency import compared, messages_of, taken
from benchmarks.stage import Stage, stage, until
from jenkins_mfa.core.model import Gate
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.demo.keys import enrol
from jenkins_mfa.simulators.browser import Browser, Page
from jenkins_mfa.simulators.jenkins import Parameter, PausedInput
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.desk import Desk

BODY = b"x" * 2000  #: as long as a key's answer
Floor = tuple[str, requests.Session]  #: where it is served, and who asks it


def measure(sizes: Sizes) -> list[Figure]:
    """Keys and the floor in turns, so that both meet the same machine. Opening the page and touching the key are left
    out: people do that.
    """
    answers, floors, key = [], [], SecurityKey()
    with stage(port=free_port()) as here, here.desk() as desk, _floor(here) as floor:
        enrol(desk, RelyingParty.at(here.url), here.people[0], key)
        here.start_agent()
        here.connected()
        builds = {run.job.full_name: run for run in gates.pause(here, gates.wanted(here, sizes.keys, "key"))}
        until(lambda: len(messages_of(here)) == len(builds))
        for number, gate in enumerate(desk.store.open_gates()):
            floors.append(_floored(here, floor, number))
            browser, page = _opened(here, desk, gate, key)
            signed = browser.sign(page, "approve")
            here.quiet()
            began = time.monotonic()
            browser.send(page, signed)
            answers.append(taken(here, builds[gate.run.pipeline]) - began)
    return compared("key", answers, floors, 2)


def _opened(here: Stage, desk: Desk, gate: Gate, key: SecurityKey) -> tuple[Browser, Page]:
    """The gate's page in the browser of the person whose key it is."""
    person, browser = here.people[0], Browser(key)
    token, _ = tickets.make(desk, tickets.For.ANSWER, person, person, gate=gate)
    return browser, browser.open(tickets.address(here.url, token))


def _floored(here: Stage, floor: Floor, number: int) -> float:
    """One answer on the bare way, until it is acknowledged."""
    asked = PausedInput(f"Floor-{number}", "?", submitter="mfa-agent", parameters=(Parameter("MFA_RECEIPT"),))
    run = here.jenkins.paused(f"floor/{number}", asked)
    url, session = floor
    here.quiet()
    began = time.monotonic()
    assert session.post(url, BODY, headers={"X-Input": f"{run.path}input/{asked.id}/"}).ok
    seconds = time.monotonic() - began
    assert not run.building
    return seconds


@contextmanager
def _floor(here: Stage) -> Generator[Floor]:
    """A bare page, which writes to the same store and asks the same Jenkins."""
    port, session = free_port(), requests.Session()
    command = [sys.executable, "-m", "benchmarks.floor_page", here.server.url, str(port), here.jenkins.url]
    process = subprocess.Popen([*command, *here.jenkins.auth("mfa-agent")])
    url = f"http://127.0.0.1:{port}/"
    try:
        until(lambda: _serves(session, url))
        yield url, session
    finally:
        process.kill()
        process.wait()


def _serves(session: requests.Session, url: str) -> bool:
    try:
        return session.get(url).status_code == 405
    except requests.ConnectionError:
        return False
