"""Signals to a real agent's process, another one that goes on, and the person who taps until she is asked no more."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fault_phases import PHASES, WAITING, Phase, arm

from history import FINAL, about_builds, number_of
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.simulators.slack import ImpossibleActionError, Message, SlackSimulator, plain
from jenkins_mfa.store.connect import client_for
from line import Line
from waiting import until

AGAIN = 1.0  #: seconds after which a person whose tap led to nothing taps again
PATIENCE = 60.0  #: seconds in which a gate must end


@dataclass(frozen=True)
class Signal:
    """`name` is what the table calls it. The phase's request is handed on at once, or `lost`, or `late`: once another
    agent has brought the gate to its end.
    """

    name: str
    number: signal.Signals
    lost: bool = False
    late: bool = False

    @property
    def shows_twice(self) -> bool:
        """Whether a message may stand there whose posting nobody could confirm."""
        return self.number is not signal.SIGTERM and not self.lost


SIGNALS = (
    Signal("process: kill -9, its request is lost", signal.SIGKILL, lost=True),
    Signal("process: kill -9, its request arrives", signal.SIGKILL),
    Signal("process: SIGTERM", signal.SIGTERM),
    Signal("process: SIGSTOP, SIGCONT after the gate's end", signal.SIGSTOP),
    Signal("process: SIGSTOP, its request arrives after the gate's end", signal.SIGSTOP, late=True),
)

#: What Slack does to the agent's connections.
SOCKETS: dict[str, Callable[[SlackSimulator], None]] = {
    "Slack: sockets reset": SlackSimulator.reset_sockets,
    "Slack: sockets renewed": SlackSimulator.refresh_sockets,
}


@dataclass
class Process:
    """An agent behind lines of its own; `name` tells its files from the other one's."""

    world: World
    name: str
    lines: dict[str, Line] = field(init=False)

    def __post_init__(self) -> None:
        targets = {"jenkins": _port(self.world.jenkins.url), "slack": _port(self.world.slack.base_url)}
        self.lines = {name: Line(port) for name, port in targets.items()}
        self.lines["store"] = Line(self.world.server.socket)
        text = self.world.config_path.read_text().replace(f":{self.world.port}", f":{free_port()}")
        text = text.replace(self.world.server.url, self.lines["store"].redis)
        for name, port in targets.items():
            text = text.replace(f":{port}/", f":{self.lines[name].port}/")
        path = self.world.directory / f"{self.name}.toml"
        path.write_text(text)
        command = [sys.executable, "-m", "jenkins_mfa", "run", "--config", str(path)]
        with (self.world.directory / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def send(self, number: signal.Signals) -> None:
        """To the process, or to nobody if it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def stop(self) -> None:
        """In order: it ends what it has begun, and says that all went well."""
        self.send(signal.SIGCONT)
        self.process.terminate()
        assert self.process.wait(60) == 0, f"see {self.name}.log"

    def end(self) -> None:
        """Whatever it does now."""
        self.process.kill()
        self.process.wait(30)
        for line in self.lines.values():
            line.cut()


def _port(url: str) -> int:
    return int(url.split(":")[2].split("/")[0])


@contextmanager
def running(world: World, name: str) -> Iterator[Process]:
    """An agent whose connections to Slack are open."""
    before = world.slack.connections
    process = Process(world, name)
    try:
        world.slack.wait_for(lambda slack: slack.connections > before or process.process.poll() is not None, 30)
        yield process
    finally:
        process.end()


def leases_end(world: World) -> None:
    """As if so much time had passed: what a dead or stopped agent has leased is anybody's."""
    with client_for(world.server.url) as client:
        lanes = client.hkeys("{mfa}:lease")
        if lanes:
            client.zadd("{mfa}:due", dict.fromkeys(lanes, 0))
        client.delete("{mfa}:courtesy")


class Person:
    """Alice, who taps what asks her about `build`, and again after `patience` seconds if that led to nothing."""

    def __init__(self, world: World, build: Build, patience: float) -> None:
        self.world, self.build, self.patience = world, build, patience
        self._next: dict[str, float] = {}

    def messages(self) -> list[Message]:
        """What tells about the build."""
        return [message for message in about_builds(self.world) if number_of(message) == str(self.build.number)]

    def tap(self) -> None:
        """Approve wherever that can be tapped."""
        for message in self.messages():
            if plain(message).startswith(FINAL) or time.monotonic() < self._next.get(message.ts, 0.0):
                continue
            with contextlib.suppress(ImpossibleActionError):
                self.world.slack.press(ALICE, files.CHANNEL, message.ts, "gate_approve", confirm=True)
            self._next[message.ts] = time.monotonic() + self.patience

    def ended(self) -> bool:
        """Whether the build is over, and all that tells about it says so; taps else."""
        self.tap()
        shown = [plain(message) for message in self.messages()]
        return bool(shown) and not self.build.building and all(text.startswith(FINAL) for text in shown)

    def until_ended(self) -> None:
        """Wait for it."""
        until(self.ended, PATIENCE)


def bring(world: World, agent: Process, phase: Phase, begin: Callable[[], None], *, heard: bool) -> Person:
    """A gate to that phase; Alice taps as soon as it waits, if that is before the phase, and only once if such a tap
    must be `heard`.
    """
    waits = threading.Event()
    early = PHASES.index(phase) <= PHASES.index(WAITING)
    arm(agent.lines, phase if early else WAITING, begin if early else waits.set)
    patience = 2 * PATIENCE if heard and not early else AGAIN
    person = Person(world, world.jenkins.build(STAGING, user="dev"), patience)
    if not early:
        assert waits.wait(30)
        arm(agent.lines, phase, begin, WAITING)
        person.tap()
    return person
