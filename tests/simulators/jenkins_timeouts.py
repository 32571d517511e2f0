"""The second controller's recording of inputs inside timeout, parallel, retry, node and catchError."""

from collections.abc import Callable
from typing import Any

from jenkins_player import Player
from jenkins_round_two import AGENT, Gate, abort_by, job, paused, waits

from jenkins_mfa.simulators.jenkins import Build, FlowInterruptedError, JenkinsSimulator


def timed(build: Build) -> None:
    with build.timeout(3):
        waits(build)


def refused_by_the_sandbox(build: Build) -> None:
    """The recorded pipeline touched the exception in its own catch, which the sandbox refuses."""
    try:
        timed(build)
    except FlowInterruptedError:
        raise RuntimeError("Scripts not permitted to use method getResult") from None


def caught(build: Build) -> None:
    try:
        timed(build)
    except FlowInterruptedError:
        build.echo("goes on")


def in_node(build: Build) -> None:
    with build.node():
        waits(build)


def in_catch_error(build: Build) -> None:
    with build.catch_error():
        waits(build)


def asked_again(build: Build) -> None:
    tries = iter((1, 2))

    def body() -> None:
        build.input(f"Go {next(tries)}?", "gate", submitter=AGENT)
        build.error("receipt refused")

    build.retry(2, body)


class Branches:
    """Two branches, of which the second one waits until the recording has looked at the first."""

    def __init__(self, *, fail_fast: bool = False, submitter: str | None = None, fails: bool = False) -> None:
        self.gate = Gate()
        self.fails = fails
        self.fail_fast = fail_fast
        self.submitter = submitter

    def __call__(self, build: Build) -> None:
        def second() -> None:
            build.wait(self.gate)
            if self.fails:
                build.error("other branch failed")
            build.input("B dangerous?", "gate", submitter=self.submitter)

        message = "Go?" if self.fails else "A harmless?"
        first = lambda: build.input(message, "gate", submitter=self.submitter)  # noqa: E731 - a branch
        build.parallel({"a": first, "b": second}, fail_fast=self.fail_fast)

    def go(self, build: Build) -> None:
        self.gate.open = True
        build.write()


def both(
    sim: JenkinsSimulator, player: Player, name: str, pipeline: Callable[[Build], Any], act: Callable[[Build], Any]
) -> None:
    """Play "while it waits" and "afterwards" around what ended the wait."""
    job(sim, name, pipeline)
    build = paused(sim, name)
    player.play_as_recorded()
    act(build)
    build.wait_finished()
    player.play_as_recorded()


def timeouts(sim: JenkinsSimulator, player: Player) -> None:
    offset = [0.0]
    real = sim.controller.now
    sim.controller.now = lambda: real() + offset[0]

    def strike(_: Build) -> None:
        offset[0] += 4

    def stop(build: Build, user: str = "admin") -> None:
        player.request(f"{build.path}stop", user)

    both(sim, player, "t1", refused_by_the_sandbox, strike)
    both(sim, player, "t1b", refused_by_the_sandbox, strike)
    fast = Branches(fail_fast=True, fails=True)
    both(sim, player, "t3", fast, fast.go)
    slow = Branches(fails=True)
    both(sim, player, "t3b", slow, lambda build: (slow.go(build), stop(build)))
    both(sim, player, "t4", lambda build: build.retry(3, lambda: waits(build)), lambda build: abort_by(sim, build))
    _retried(sim, player)
    both(sim, player, "t5", in_node, lambda build: abort_by(sim, build))
    both(sim, player, "t5b", waits, lambda build: abort_by(sim, build))
    _same_id(sim, player, stop)
    both(sim, player, "t7", in_catch_error, lambda build: abort_by(sim, build))
    both(sim, player, "t1", timed, strike)
    both(sim, player, "t1c", timed, strike)
    both(sim, player, "t1d", caught, strike)
    both(sim, player, "t1e", waits, lambda build: abort_by(sim, build))
    both(sim, player, "t1f", waits, lambda build: stop(build, "dev"))
    job(sim, "t2", timed)
    sim.paused("t2")
    both(sim, player, "t2", timed, strike)
    both(sim, player, "t2b", timed, strike)
    both(sim, player, "t2c", waits, lambda build: abort_by(sim, build))
    _same_id_proceeded(sim, player)


def _retried(sim: JenkinsSimulator, player: Player) -> None:
    job(sim, "t4b", asked_again)
    build = paused(sim, "t4b")
    player.play_as_recorded()
    build.proceed(build.inputs[0], {}, sim.users[AGENT])
    build.wait(lambda: bool(build.inputs))
    player.play_as_recorded()
    build.proceed(build.inputs[0], {}, sim.users[AGENT])
    build.wait_finished()
    player.play_as_recorded()


def _same_id(sim: JenkinsSimulator, player: Player, stop: Callable[[Build], None]) -> None:
    branches = Branches()
    job(sim, "t6", branches)
    build = paused(sim, "t6")
    player.play_as_recorded()
    branches.go(build)
    build.wait_paused(2)
    player.play_as_recorded(3)
    stop(build)
    build.wait_finished()
    player.play_as_recorded()


def _same_id_proceeded(sim: JenkinsSimulator, player: Player) -> None:
    branches = Branches(submitter=AGENT)
    job(sim, "t6", branches)
    build = paused(sim, "t6")
    player.play_as_recorded()
    branches.go(build)
    build.wait_paused(2)
    player.play_as_recorded(3)
    build.proceed(build.inputs[0], {}, sim.users[AGENT])
    build.wait_finished()
    player.play_as_recorded()


SCENARIOS = {"timeout-parallel-retry-node": timeouts}
