"""A soak: two agents that are killed and started, builds, taps, and faults all the time; then it is left to settle."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from history import FINAL, History, about_builds, number_of, seen
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, CAROL
from jenkins_mfa.demo.world import World, free_port
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import ImpossibleActionError, Message, plain
from waiting import until

OPEN = 12  #: builds that wait at a time
HANDS = 8  #: taps at a time
SETTLE = 150.0  #: seconds in which everything must have ended once nothing is broken any more


@dataclass
class Soak:
    """One soak on a demo's world, played by `seed`."""

    world: World
    seed: int
    bodies: Counter[str] = field(default_factory=Counter)
    builds: list[Build] = field(default_factory=list)
    taps: int = 0
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.world.stop_agent()
        self.world.slack.ack_seconds = 1.0
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
            breaker.start()
            limit = time.monotonic() + seconds
            try:
                self._tap_while(lambda: time.monotonic() < limit)
            finally:
                self._over.set()
                breaker.join()
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
        ways = [self._kill, self._freeze, self._jenkins, self._jenkins, self._slack, self._slack, self._sockets]
        draw = random.Random(self.seed + 1)
        way = self._kill
        while not self._over.wait(draw.uniform(0.1, 0.6)):
            self.faults[way.__name__.strip("_")] += 1
            way(draw)
            way = draw.choice(ways)

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

    # -- people -------------------------------------------------------------------------------------------------------

    def _tap_while(self, goes_on: Callable[[], bool], *, more: bool = True) -> None:
        """Keep builds waiting, and tap wherever there are buttons, several people at once."""
        with ThreadPoolExecutor(HANDS) as hands:
            while goes_on():
                while more and sum(build.building for build in self.builds) < OPEN:
                    self.builds.append(self.world.jenkins.build(STAGING, user="dev"))
                asked = [message for message in about_builds(self.world) if not plain(message).startswith(FINAL)]
                list(hands.map(self._act, asked, [self.random.random() for _ in asked]))
                self._over.wait(0.05)

    def _act(self, message: Message, chance: float) -> None:
        user = (ALICE, BOB, CAROL)[int(chance * 1000) % 3]
        self.taps += 1
        with contextlib.suppress(ImpossibleActionError, IndexError, TimeoutError):
            if chance < 0.9:
                self.world.slack.press(user, files.CHANNEL, message.ts, "gate_approve", confirm=True)
                return
            self.world.slack.press(user, files.CHANNEL, message.ts, "gate_deny").wait("modal", 1)
            self.world.slack.submit(user, self.world.slack.views(user)[-1], {"reason": "not now"})

    def _settle(self) -> None:
        """Nothing is broken any more; people go on tapping until nothing has buttons."""
        self.world.jenkins.faults.clear()
        with self.world.slack.workspace.changed:
            self.world.slack._http.faults.clear()
        limit = time.monotonic() + SETTLE
        self._tap_while(lambda: not self._settled() and time.monotonic() < limit, more=False)
        until(self._settled)

    def _settled(self) -> bool:
        told = {number_of(message) for message in about_builds(self.world)}
        ended = all(not build.building and str(build.number) in told for build in self.builds)
        return ended and all(plain(message).startswith(FINAL) for message in about_builds(self.world))
