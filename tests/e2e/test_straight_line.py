"""The whole line on real parts: agent processes, a real store, Jenkins and Slack over real sockets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.core.model import State
from jenkins_mfa.demo.auto import ALICE, APPROVED, BOB, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION, STAGING
from jenkins_mfa.wiring import open_desk
from waiting import until


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One demo world for the module."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        env = {"REPLICAS": "2"}
        made.jenkins.job(STAGING, deploy(environment="staging"), env=env)
        made.jenkins.job(PRODUCTION, deploy(environment="production"), env=env)
        yield made


RECEIPTS: dict[str, str] = {}  #: build → the receipt that its body saw


def deploy(environment: str) -> Callable[[Build], None]:
    """A pipeline whose body remembers its receipt."""

    def pipeline(build: Build) -> None:
        def body() -> None:
            RECEIPTS[build.name] = build.env["MFA_RECEIPT"]
            build.echo("Deployed.")

        build.mfa_gate(body, environment=environment, action="deploy", message="Deploy 1.4", watchEnv=["REPLICAS"])

    return pipeline


@pytest.fixture
def player(world: World) -> Player:
    """Somebody who acts as the people."""
    return Player(world)


def resumed(player: Player, build: Build, job: str) -> None:
    player.finished(build, "SUCCESS")
    player.message(f"{APPROVED}: “{job}” #{build.number}")
    assert build.console.count("Deployed") == 1


def state_of(world: World, build: Build) -> State | None:
    """What the store says about a build's gate."""
    config = configuration.load(world.config_path)
    with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
        gates = [gate for gate in desk.store.open_gates() if gate.run.id == str(build.number)]
    return next((gate.state for gate in gates if gate.run.pipeline == STAGING), None)


# -- killed at the borders of the wire --------------------------------------------------------------------------------


def hold_reading(world: World, build: Build) -> Callable[[], None]:
    return world.jenkins.faults.hold(f"GET {build.path}api", times=50).set


def hold_proceed(world: World, build: Build) -> Callable[[], None]:
    return world.jenkins.faults.hold("/proceed", times=50).set


def hold_answer(world: World, build: Build) -> Callable[[], None]:
    return world.jenkins.faults.hold("/proceed", times=50, after_effect=True).set


@pytest.mark.parametrize("hold", [hold_reading, hold_proceed, hold_answer], ids=["decided", "claimed", "sent"])
def test_killed_after_the_tap_the_build_is_resumed_exactly_once(
    player: Player, hold: Callable[[World, Build], Callable[[], None]]
) -> None:
    """kill -9 once decided, once claimed, once the POST had its effect but its answer was never read."""
    world = player.world
    build, message = player.pause(STAGING)
    release = hold(world, build)
    player.tap(ALICE, message, confirm=True).wait("ephemeral", 30)
    if hold is not hold_reading:
        until(lambda: state_of(world, build) is State.SENDING)
    if hold is hold_answer:
        build.wait(lambda: not build.building, 30)
    world.kill_agent()
    world.jenkins.faults.clear()
    release()
    world.start_agent()
    resumed(player, build, STAGING)


def test_killed_while_nothing_is_known_yet_the_gate_is_opened_after_the_restart(player: Player) -> None:
    """A pause that the dead agent had only listed is asked by the next one, once."""
    world = player.world
    world.kill_agent()
    build = world.jenkins.build(STAGING, user="dev")
    build.wait_paused()
    world.start_agent()
    message = player.message(f"Needs confirmation: “{STAGING}” #{build.number}")
    player.tap(BOB, message, confirm=True)
    resumed(player, build, STAGING)


def test_a_build_that_is_read_slowly_delays_no_other(player: Player) -> None:
    """While Jenkins does not tell the facts of one build, another one is asked, tapped and resumed."""
    jenkins = player.world.jenkins
    release = jenkins.faults.hold(f"GET /job/{PRODUCTION}/", times=50)
    slow = jenkins.build(PRODUCTION, user="dev")
    slow.wait_paused()
    until(lambda: jenkins.faults._faults[-1].left < 50)
    build, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    resumed(player, build, STAGING)
    release.set()
    player.message(f"Needs confirmation: “{PRODUCTION}” #{slow.number}")
    assert player.world.proceed_as("admin", slow, slow.wait_paused()) == 200
    player.finished(slow, "ABORTED")


# -- attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["dev", "stranger", "agent-min"])
def test_t1_a_developers_jenkins_token_cannot_pass_the_gate(player: Player, user: str) -> None:
    """T1: the input takes only its submitter; the gate stays as it is."""
    build, message = player.pause(STAGING)
    assert player.world.proceed_as(user, build, build.wait_paused()) in {400, 403, 404}
    assert build.building
    player.tap(ALICE, message, confirm=True)
    resumed(player, build, STAGING)


def test_t2_an_administrators_proceed_runs_nothing(player: Player) -> None:
    """T2: without a receipt the body never runs and the result can no longer be green."""
    build, _ = player.pause(PRODUCTION)
    assert player.world.proceed_as("admin", build, build.wait_paused()) == 200
    player.finished(build, "ABORTED")
    assert "Deployed" not in build.console
    player.message(f"Bypassed: “{PRODUCTION}” #{build.number}")


def test_t3_the_agents_own_token_without_a_receipt_runs_nothing(player: Player) -> None:
    """T3: a stolen API token can submit the input, not sign; it is reported as stolen."""
    build, _ = player.pause(PRODUCTION)
    assert player.world.proceed_as("mfa-agent", build, build.wait_paused()) == 200
    player.finished(build, "ABORTED")
    assert "Deployed" not in build.console
    player.message(f"Bypassed, token stolen: “{PRODUCTION}” #{build.number}")


def test_a_receipt_of_another_build_is_refused(player: Player) -> None:
    """With the agent's stolen token, build 1's receipt is put into build 2: the body does not run."""
    world = player.world
    first, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    resumed(player, first, STAGING)
    taken = RECEIPTS[first.name]
    second, _ = player.pause(STAGING)
    asked = second.wait_paused()
    answer = f'{{"parameter": [{{"name": "MFA_RECEIPT", "value": "{taken}"}}]}}'
    url = f"{world.jenkins.url}{second.path}input/{asked.id}/proceed"
    assert (
        requests.post(url, data={"json": answer}, auth=world.jenkins.auth("mfa-agent"), timeout=10).status_code == 200
    )
    player.finished(second, "ABORTED")
    assert "Deployed" not in second.console
    assert "is for another build" in second.console
