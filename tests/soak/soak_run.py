"""A soak: two agents that are killed and started, builds, taps, and faults all the time; then it is left to settle."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from soak_memory import Memory
from soak_people import LOOKED_AT, People

from history import FINAL, History, about_builds, number_of, seen
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.simulators.slack import plain
from waiting import until

OPEN = 12  #: builds that wait at a time
CALM = 240.0  #: seconds at the end of a long soak in which no agent is killed, so that their memory can be looked at
KILLS = 0.05  #: of the faults
SETTLE = 150.0  #: seconds in which everything must have ended once nothing is broken any more


@dataclass
class Soak:
    """One soak on a demo's world, played by `seed`."""

    world: World
    seed: int
    bodies: Counter[str] = field(default_factory=Counter)
    builds: list[Build] = field(default_factory=list)
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.people = People(self.world.slack, self.seed)
        self.memory = Memory(lambda: [agent.pid for agent in self.agents], self._over)
        self._last_kill = 0.0
        self.world.stop_agent()
        self.world.jenkins.job(STAGING, self._pipeline, env={"REPLICAS": "2"})
        text = self.world.config_path.read_text() + "\n[limits]\nasks_per_requester = 50\n"
        self.configs = [self.world.directory / f"agent-{number}.toml" for number in range(2)]
        for path in self.configs:
            path.write_text(text.replace(f":{self.world.port}", f":{free_port()}"))
        self.agents: list[subprocess.Popen[bytes]] = []

    def _pipeline(self, build: Build) -> None:
        def body() -> None:
            self.bodies[str(build.number)] += 1

        build.mfa_gate(body, environment="staging", action="deploy", message="Deploy 1.4", watchEnv=["REPLICAS"])

    def run(self, seconds: float) -> History:
        """Play for so long, let everything settle, and tell what was seen."""
        self.agents = [self._started(path) for path in self.configs]
        try:
            self.world.slack.wait_for(lambda slack: slack.connections, 30)
            breaker = threading.Thread(target=self._break, name="breaker")
            limit = time.monotonic() + seconds
            self._last_kill = limit - CALM if seconds > 2 * CALM else limit
            breaker.start()
            self.memory.start()
            try:
                self.people.tap_while(lambda: time.monotonic() < limit, self._build)
            finally:
                self._over.set()
                breaker.join()
                self.memory.join()
            self._settle()
            return seen(self.world, self.builds, self.bodies)
        finally:
            for agent in self.agents:
                agent.terminate()
            for agent in self.agents:
                agent.wait(30)

    def _started(self, config: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "jenkins_mfa", "run", "--config", str(config)]
        with (self.world.directory / "agent.log").open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    # -- what breaks --------------------------------------------------------------------------------------------------

    def _break(self) -> None:
        """One fault after another, until the time is over; a killed agent comes first."""
        ways = [self._freeze, self._jenkins, self._jenkins, self._slack, self._slack, self._sockets]
        draw = random.Random(self.seed + 1)
        way = self._kill
        while not self._over.wait(draw.uniform(0.1, 0.6)):
            self.faults[way.__name__.strip("_")] += 1
            way(draw)
            may_kill = time.monotonic() < self._last_kill and draw.random() < KILLS
            way = self._kill if may_kill else draw.choice(ways)

    def _kill(self, draw: random.Random) -> None:
        """One agent dies, and is started again at once."""
        number = draw.randrange(2)
        self.agents[number].kill()
        self.agents[number].wait()
        self.kills += 1
        self.agents[number] = self._started(self.configs[number])

    def _freeze(self, draw: random.Random) -> None:
        process = self.world.server._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        self._over.wait(draw.uniform(0.1, 0.5))
        os.kill(process.pid, signal.SIGCONT)

    def _jenkins(self, draw: random.Random) -> None:
        faults, part = self.world.jenkins.faults, draw.choice(["/proceed", "/abort", "api/json", "/computer/"])
        times = draw.randrange(1, 4)
        draw.choice(
            [
                lambda: faults.status(part, draw.choice([401, 404, 500, 503]), times),
                lambda: faults.lose(part, times),
                lambda: faults.drop(part, times),
                lambda: faults.body(part, b"<html></html>", "text/html", times),
            ]
        )()

    def _slack(self, draw: random.Random) -> None:
        method = draw.choice(["chat.postMessage", "chat.update", "users.info"])
        self.world.slack.fail_next(method, draw.choice(["ratelimited", "500", "lost", "fatal_error"]), 2)

    def _sockets(self, draw: random.Random) -> None:
        draw.choice([self.world.slack.reset_sockets, self.world.slack.refresh_sockets])()

    # -- how it ends ---------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        """Keep builds waiting."""
        while sum(build.building for build in self.builds[-LOOKED_AT:]) < OPEN:
            self.builds.append(self.world.jenkins.build(STAGING, user="dev"))

    def _settle(self) -> None:
        """Nothing is broken any more; people go on tapping until nothing has buttons."""
        self.world.jenkins.faults.clear()
        with self.world.slack.workspace.changed:
            self.world.slack._http.faults.clear()
        limit = time.monotonic() + SETTLE
        self.people.tap_while(lambda: not self._settled() and time.monotonic() < limit)
        until(self._settled)

    def _settled(self) -> bool:
        told = {number_of(message) for message in about_builds(self.world)}
        ended = all(not build.building and str(build.number) in told for build in self.builds)
        return ended and all(plain(message).startswith(FINAL) for message in about_builds(self.world))
