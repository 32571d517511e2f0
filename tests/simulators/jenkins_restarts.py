"""The first controller's recordings of restarts and of preparing for shutdown."""

from jenkins_player import Player
from jenkins_round_one import AGENT, asks, demo, deploy, job

from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator


def quiet_down(sim: JenkinsSimulator, player: Player) -> None:
    builds = demo(sim, 14)
    for build in builds[:13]:
        build.kill()
    sim.quiet_down()
    player.play(AGENT, AGENT, AGENT)
    builds[13].wait(lambda: builds[13].log[-1].startswith("Pausing"))
    player.play(AGENT, AGENT)
    sim.cancel_quiet_down()
    builds[13].wait_finished()
    player.play(AGENT)


def restart(sim: JenkinsSimulator, player: Player) -> None:
    def in_node(build: Build) -> None:
        with build.node():
            asks(build, "Deploy?", "mfa-1")

    first = job(sim, "r plain", deploy, 2 if player.name == "restart-kill9" else 1)[-1]
    job(sim, "r/innode", in_node)
    player.play(AGENT)
    sim.go_down()
    try:
        player.play(AGENT)
    except ConnectionRefusedError:
        pass
    else:
        raise AssertionError("the port was open")
    sim.come_up(phase="loading", listed=[])
    if player.name == "restart-kill9":
        player.play(AGENT, None)
    else:
        player.play(AGENT, None, AGENT)
    sim.faults.phase = "users"
    player.play(AGENT)
    sim.faults.phase = "up"
    player.play(AGENT)
    sim.finish_loading()
    player.play(AGENT)
    first.proceed(first.inputs[0], {"MFA_TOKEN": "x"}, sim.users[AGENT])
    assert first.wait_finished() == "SUCCESS"


SCENARIOS = {"quietdown": quiet_down, "restart-kill9": restart, "restart-orderly": restart}
