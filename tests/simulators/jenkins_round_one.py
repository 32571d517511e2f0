"""What the first recorded controller held when each recording was made, and who asked."""

from jenkins_player import Player

from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, Parameter, PipelineError
from jenkins_mfa.simulators.jenkins_model import Checkout, Library
from jenkins_mfa.simulators.jenkins_steps import groovy

AGENT = "mfa-agent"
TOKEN = (Parameter("MFA_TOKEN"),)


def deploy(build: Build) -> None:
    build.echo(f"result {groovy(asks(build, 'Deploy?', 'mfa-1'))}")


def asks(build: Build, message: str, input_id: str, **args: object) -> object:
    """An input as most recorded jobs had it."""
    usual = {"submitter": AGENT, "submitter_parameter": "who", "parameters": TOKEN}
    return build.input(message, input_id, **{**usual, **args})  # type: ignore[arg-type]


def two_sites(build: Build) -> None:
    more = (
        Parameter("MFA_TOKEN", default="d", description="the token"),
        Parameter("SITE", "Choice", "x", choices=("x", "y")),
        Parameter("DRY", "Boolean", True),
    )
    build.parallel(
        {
            "a": lambda: asks(build, "Deploy to the first site, please confirm this long text", "mfa-a"),
            "b": lambda: (
                build.wait(lambda: len(build.inputs) > 0),
                build.input("Deploy b?", "mfa-b", ok="Ship it", cancel="No", submitter=f"{AGENT},dev", parameters=more),
            ),
        }
    )


def declarative(build: Build) -> None:
    with build.stage("Deploy"):
        given = asks(build, "Deploy declaratively?", "mfa-decl", ok="Yes", submitter_parameter="WHO")
        assert isinstance(given, dict)
        with build.with_env({"WHO": given["WHO"]}):
            build.echo(f"who={given['WHO']} token={given['MFA_TOKEN']}")


def demo(sim: JenkinsSimulator, builds: int) -> list[Build]:
    """The job `demo` with so many paused builds."""
    sim.job("demo", deploy, libraries=())
    started = [sim.build("demo") for _ in range(builds)]
    for build in started:
        build.wait_paused()
    return started


def job(sim: JenkinsSimulator, name: str, pipeline: object, builds: int = 1) -> list[Build]:
    """Another job with paused builds."""
    sim.job(name, pipeline, libraries=())  # type: ignore[arg-type]
    started = [sim.build(name) for _ in range(builds)]
    for build in started:
        build.wait_paused()
    return started


def abort(sim: JenkinsSimulator, player: Player) -> None:
    builds = demo(sim, 10)

    def timed(build: Build) -> None:
        with build.timeout(3):
            asks(build, "Deploy?", "mfa-1")

    player.play("dev", AGENT)
    builds[6].wait_finished()
    player.play(AGENT, AGENT, AGENT, AGENT, AGENT, AGENT)
    builds[8].wait_finished()
    player.play(AGENT, AGENT)
    timeouted = job(sim, "timeouted", timed)[0]
    sim.controller.now = lambda: timeouted.started + 4
    timeouted.wait_finished()
    player.play(AGENT, AGENT, AGENT)


def auth_errors(sim: JenkinsSimulator, player: Player) -> None:
    demo(sim, 12)
    player.play(f"{AGENT}:wrong", f"{AGENT}:wrong", "nobody:x", None, "stranger", AGENT, AGENT)


def build_state(sim: JenkinsSimulator, player: Player) -> None:
    build = demo(sim, 1)[0]
    player.play(AGENT, AGENT, AGENT, AGENT)
    build.proceed(build.inputs[0], {"MFA_TOKEN": "x"}, sim.users[AGENT])
    build.wait_finished()
    player.play(AGENT, AGENT, "dev", AGENT)


def crumb(sim: JenkinsSimulator, player: Player) -> None:
    demo(sim, 12)
    player.play(AGENT, None)
    player.cookie = ""
    player.play(None, "session", "session", f"{AGENT}:{AGENT}", None, "session", AGENT)


def a_declarative_job(sim: JenkinsSimulator, player: Player) -> None:
    build = job(sim, "declarative", declarative)[0]
    player.play(AGENT, AGENT)
    build.wait_finished()
    player.play(AGENT)


def a_library(sim: JenkinsSimulator, player: Player) -> None:
    main = Checkout("<path>", "9e9be615", "main")
    library = Library("jenkins-mfa", "main", variables=("mfaDeploy",), changelog=False, checkout=main)

    def pipeline(build: Build) -> None:
        asks(build, "From the library?", "mfa-lib")
        build.echo("trusted library")

    sim.job("libdemo", pipeline, libraries=(library,))
    build = sim.build("libdemo")
    build.wait_paused()
    player.play(AGENT, AGENT)
    build.wait_finished()
    player.play(AGENT)


def listing(sim: JenkinsSimulator, player: Player) -> None:
    player.play(AGENT)
    first = demo(sim, 1)[0]
    player.play(AGENT)
    job(sim, "team one/deploy prod", two_sites)[0].wait_paused(2)
    job(sim, "declarative", declarative)
    player.play(AGENT, "agent-min", "noread", "stranger", None, AGENT, AGENT, AGENT, AGENT)
    for build in list(sim.controller.active):
        build.kill()
    assert not first.building

    def in_node(build: Build) -> None:
        with build.node():
            asks(build, "Deploy?", "mfa-1")

    job(sim, "in-node", in_node)
    player.play(AGENT)


def not_found(sim: JenkinsSimulator, player: Player) -> None:
    last = demo(sim, 12)[-1]
    last.proceed(last.inputs[0], {}, sim.users[AGENT])
    last.wait_finished()
    player.play(AGENT, AGENT, "noread", AGENT, AGENT)


def parallel(sim: JenkinsSimulator, player: Player) -> None:
    build = job(sim, "team one/deploy prod", two_sites)[0]
    build.wait_paused(2)
    player.play(AGENT)
    build.wait(lambda: build.log[-1] == "[Pipeline] }")
    player.play(AGENT, AGENT)
    build.wait_finished()
    player.play(AGENT)


def password(sim: JenkinsSimulator, player: Player) -> None:
    def pipeline(build: Build) -> None:
        given = asks(build, "Deploy?", "mfa-1", parameters=(Parameter("MFA_TOKEN", "Password"),))
        build.echo(f"is a String: false, result {groovy(given)}")

    build = job(sim, "pw", pipeline)[0]
    player.play(AGENT, AGENT)
    build.wait_finished()
    player.play(AGENT)


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


def queue(sim: JenkinsSimulator, player: Player) -> None:
    sim.job("queued", lambda build: build.wait(lambda: build.killed), libraries=())
    player.play("dev", "noread")
    builds = demo(sim, 13)
    sim.controller.queue[47] = builds[12]
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


def who_am_i(sim: JenkinsSimulator, player: Player) -> None:
    player.play(AGENT, f"{AGENT}:{AGENT}", None, "stranger")


def who_submitted(sim: JenkinsSimulator, player: Player) -> None:
    sim.job("shop-deploy", deploy, libraries=())
    builds = [sim.build("shop-deploy") for _ in range(3)]
    for build in builds:
        build.wait_paused()
    for build, user in zip(builds[1:], (AGENT, "admin"), strict=True):
        build.proceed(build.inputs[0], {"MFA_TOKEN": "x"}, sim.users[user])
        build.wait_finished()
    player.play(AGENT, AGENT)


SCENARIOS = {
    "abort": abort,
    "auth-errors": auth_errors,
    "build-state": build_state,
    "crumb": crumb,
    "declarative": a_declarative_job,
    "library": a_library,
    "listing": listing,
    "not-found": not_found,
    "parallel": parallel,
    "password-parameter": password,
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
    "queue": queue,
    "quietdown": quiet_down,
    "restart-kill9": restart,
    "restart-orderly": restart,
    "who-submitted": who_submitted,
    "whoami": who_am_i,
}

__all__ = ["SCENARIOS", "PipelineError"]
