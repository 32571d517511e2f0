"""10,000 inputs at once, through the adapter and over a real socket: the limits hold, and another job's gate is asked
and answered as ever.

That is counted in looks, whatever the machine: a poll, then what the threads of an agent begin at the same time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from jenkins_kit import PUBLIC, gate_input

from clock import START
from desk_world import World
from fakes import request_text
from jenkins_mfa.core.flood import PER_PIPELINE, PER_RUN
from jenkins_mfa.deliverers import DELIVERERS
from jenkins_mfa.simulators.jenkins import JenkinsSimulator, PausedInput, Run
from jenkins_mfa.simulators.jenkins_model import plain_cause
from jenkins_mfa.source_keeper import OPENERS
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.sources.jenkins.source import JenkinsSource
from jenkins_mfa.usecases.openings import Task
from jenkins_mfa.usecases.watch import Watch

BUILDS, INPUTS = 1_250, 8  #: of the hostile job, and of each of its builds: 10,000 in all
PATIENCE = 20  #: looks


class Place:
    """An agent stepped by hand: the real adapter on a controller, its store in memory. Nobody starts the builds."""

    def __init__(self, sim: JenkinsSimulator) -> None:
        self.sim, self.inputs = sim, 0
        client = Client(sim.url, *sim.auth("mfa-agent"))
        self.source = JenkinsSource("main", PUBLIC, client, lambda _: None, lambda _: None, lambda: START)
        self.world = World(source=self.source)  # type: ignore[arg-type]
        self.tasks: list[Task] = []
        self.watch = Watch(self.world.desk, self.source, self.tasks.append)

    def pause(self, job: str, number: int, inputs: int = 1) -> Run:
        """Build `number` of a job waits in so many inputs."""
        return self.sim.paused(job, *(self._asked(job, number) for _ in range(inputs)), causes=[plain_cause("timer")])

    def _asked(self, job: str, number: int) -> PausedInput:
        self.inputs += 1
        text = request_text(number=f"{self.inputs:06}", run={"pipeline": job, "id": str(number)})
        return gate_input(f"Mfa-{self.inputs:032x}", request=text.decode())

    def looks(self, holds: Callable[[], object]) -> int:
        """How many it takes until that holds."""
        for count in range(1, PATIENCE + 1):
            self.watch.poll()
            now, self.tasks[:OPENERS] = self.tasks[:OPENERS], []
            for task in now:
                task()
            self.world.deliver(DELIVERERS)
            if holds():
                return count
        raise AssertionError(f"not within {PATIENCE} looks")

    def answered(self, job: str) -> tuple[int, int]:
        """Looks from a pause until its people are asked, and from their tap until its build goes on."""
        build, messenger = self.pause(job, 1), self.world.messenger
        asked = self.looks(lambda: [gate for gate in messenger.told if gate.run.pipeline == job])
        gate = next(gate for gate in messenger.told if gate.run.pipeline == job)
        self.world.answers.tap(gate.jti, self.world.who("alice"), f"tap {job}")
        return asked, self.looks(lambda: not build.building)


@pytest.fixture
def place() -> Iterator[Place]:
    with JenkinsSimulator(now=lambda: START / 1000) as sim:
        yield Place(sim)


def test_ten_thousand_inputs_at_once_delay_no_other_job(place: Place) -> None:
    """Eight of a build and twenty of a job are gates, whatever waits; the job beside them takes twice its looks at
    most.
    """
    alone = place.answered("shop/api")
    for number in range(1, BUILDS + 1):
        place.pause("hostile/flood", number, INPUTS)
    beside = place.answered("shop/web")
    assert all(ours <= 2 * usual for ours, usual in zip(beside, alone, strict=True)), (beside, alone)
    place.looks(lambda: True)
    runs = [gate.run for gate in place.world.store.open_gates() if gate.run.pipeline == "hostile/flood"]
    assert len(runs) == PER_PIPELINE
    assert max(Counter(run.id for run in runs).values()) == PER_RUN
    assert place.watch.poll() == BUILDS * INPUTS
    waits = {flood.pipeline: flood.waiting for flood in place.world.store.floods().floods}
    assert waits == {"main:hostile/flood": BUILDS * INPUTS - PER_PIPELINE}
