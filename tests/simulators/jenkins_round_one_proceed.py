"""The first controller's recordings of proceed: who may, with which body, and what the pipeline gets."""

from jenkins_player import Player
from jenkins_round_one import AGENT, TOKEN, asks, demo, job, two_sites

from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, Parameter
from jenkins_mfa.simulators.jenkins_steps import groovy


def bad_body(sim: JenkinsSimulator, player: Player) -> None:
    build = demo(sim, 2)[1]
    player.play(AGENT, AGENT, AGENT, AGENT, AGENT)
    assert build.building


def minimal_permissions(sim: JenkinsSimulator, player: Player) -> None:
    for name, submitter in (
        ("minperm", "agent-min"),
        ("noreadsub", "noread"),
        ("caseful", "MFA-AGENT"),
        ("group", "authenticated"),
        ("nosubmitter", None),
    ):
        job(sim, name, lambda build, submitter=submitter: asks(build, "Deploy?", "mfa-1", submitter=submitter), 2)
    player.play("agent-min", "agent-min", "noread", AGENT, "agent-min", "agent-min", "dev")


def no_parameters(sim: JenkinsSimulator, player: Player) -> None:
    build = demo(sim, 3)[2]
    player.play(AGENT)
    build.wait_finished()
    player.play(AGENT)


def not_submitter(sim: JenkinsSimulator, player: Player) -> None:
    build = demo(sim, 2)[1]
    player.play("dev", "agent-min", "noread", "stranger", None, "admin")
    build.wait_finished()
    player.play("admin")


def proceed_ok(sim: JenkinsSimulator, player: Player) -> None:
    demo(sim, 6)

    def shadowed(build: Build) -> None:
        given = asks(build, "Deploy?", "mfa-1", parameters=(Parameter("who"), *TOKEN))
        build.echo(f"result {groovy(given)}")

    build = job(sim, "shadow", shadowed)[0]
    player.play(AGENT, AGENT)
    build.wait_finished()
    player.play(AGENT, AGENT, AGENT)


def partial(sim: JenkinsSimulator, player: Player) -> None:
    def pipeline(build: Build) -> None:
        parameters = (Parameter("A", default="da"), Parameter("B", default="db"))
        build.echo(f"result {groovy(asks(build, 'Deploy?', 'mfa-1', parameters=parameters))}")

    builds = job(sim, "partial", pipeline, 3)
    for build in builds[:2]:
        player.play(AGENT)
        build.wait_finished()
        player.play(AGENT)
    player.play(AGENT)


def twice(sim: JenkinsSimulator, player: Player) -> None:
    first = demo(sim, 1)[0]
    first.proceed(first.inputs[0], {}, sim.users[AGENT])
    first.wait_finished()
    build = job(sim, "team one/deploy prod", two_sites)[0]
    build.wait_paused(2)
    build.proceed(build.inputs[0], {}, sim.users[AGENT])
    player.play(AGENT, AGENT)
    assert build.building


def unknown(sim: JenkinsSimulator, player: Player) -> None:
    build = demo(sim, 2)[1]
    player.play(AGENT, AGENT)
    assert len(build.inputs) == 1


def empty(sim: JenkinsSimulator, player: Player) -> None:
    fourth = demo(sim, 4)[3]

    def pipeline(input_id: str, *parameters: Parameter) -> object:
        def run(build: Build) -> None:
            given = asks(build, "Deploy?", input_id, submitter_parameter=None, parameters=parameters)
            build.echo(f"result {groovy(given)}")

        return run

    def without(build: Build) -> None:
        build.input("Go on?", "plain-1", submitter=AGENT)
        build.echo("after")

    plain = job(sim, "noparam", without)[0]
    with_one = job(sim, "param-no-who", pipeline("mfa-1", Parameter("MFA_TOKEN", default="dflt")))[0]
    for build in (fourth, plain, with_one):
        player.play(AGENT)
        build.wait_finished()
        player.play(AGENT)


SCENARIOS = {
    "proceed-bad-body": bad_body,
    "proceed-minimal-permissions": minimal_permissions,
    "proceed-no-parameters": no_parameters,
    "proceed-not-submitter": not_submitter,
    "proceed-ok": proceed_ok,
    "proceed-partial": partial,
    "proceed-twice": twice,
    "proceed-unknown-id": unknown,
    "proceed-unknown-parameter": unknown,
    "proceedEmpty": empty,
}
