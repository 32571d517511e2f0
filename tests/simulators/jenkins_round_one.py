"""What the first recorded controller held when each recording was made, and who asked."""

from jenkins_player import Player

from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, Parameter
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


def queue(sim: JenkinsSimulator, player: Player) -> None:
    sim.job("queued", lambda build: build.wait(lambda: build.killed), libraries=())
    player.play("dev", "noread")
    builds = demo(sim, 13)
    sim.controller.queue[47] = builds[12]
    player.play(AGENT)


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
    "queue": queue,
    "who-submitted": who_submitted,
    "whoami": who_am_i,
}
