"""What the second recorded controller held when each recording was made."""

from collections.abc import Callable
from typing import Any

from jenkins_player import Player
from jenkins_recorded import exchanges

from jenkins_mfa.simulators.jenkins import Build, FlowInterruptedError, JenkinsSimulator, Parameter
from jenkins_mfa.simulators.jenkins_model import (
    Checkout,
    Library,
    cli_cause,
    plain_cause,
    remote_cause,
    replay_cause,
    upstream_cause,
    user_cause,
)

AGENT = "mfa-agent"
TRUSTED = Checkout("file:///srv/git/trusted", "292ff90ba68040797d49e1a22099dec8469525d6", "master")
LIBRARY = Library("trusted", "master", checkout=TRUSTED)
DORA = "Dora Developer"


def ends(build: Build) -> None:
    build.echo("done")


def waits(build: Build) -> None:
    build.input("Go?", "gate", submitter=AGENT)


def job(sim: JenkinsSimulator, name: str, pipeline: Callable[[Build], Any], **settings: Any) -> None:
    sim.job(name, pipeline, **{"libraries": (LIBRARY,), **settings})


def finished(sim: JenkinsSimulator, name: str, causes: list[Any] | None = None) -> None:
    """One more build that has ended."""
    sim.build(name, causes=causes).wait_finished()


def paused(sim: JenkinsSimulator, name: str, user: str = "dev", **settings: Any) -> Build:
    """One more build that waits."""
    build = sim.build(name, user, **settings)
    build.wait_paused()
    return build


def abort_by(sim: JenkinsSimulator, build: Build, user: str = AGENT) -> None:
    build.abort(build.inputs[0], sim.users[user])


def abort_caught(sim: JenkinsSimulator, player: Player) -> None:
    held = Gate()

    def catches(build: Build) -> None:
        try:
            waits(build)
        except FlowInterruptedError:
            build.echo("caught")
        build.wait(held)
        build.echo("DEPLOYED")

    job(sim, "ac1", catches)
    job(sim, "ac2", waits)
    build = paused(sim, "ac1")
    player.play_as_recorded()
    build.wait(lambda: "caught" in build.log)
    player.play_as_recorded()
    held.open = True
    build.write()
    assert build.wait_finished() == "SUCCESS"
    player.play_as_recorded()
    for user in (AGENT, "admin"):
        one = paused(sim, "ac2")
        abort_by(sim, one, user)
        one.wait_finished()
        player.play_as_recorded()


class Gate:
    """Something that a pipeline waits for and a test opens."""

    open = False

    def __call__(self) -> bool:
        return self.open


def build_parameters(sim: JenkinsSimulator, player: Player) -> None:
    parameters = (
        Parameter("VERSION", default="1.0"),
        Parameter("ZIEL", "Choice", "Köln", choices=("Köln", "東京")),
        Parameter("DRY", "Boolean", True),
        Parameter("SECRET", "Password"),
        Parameter("NOTES", "Text", "a\nb"),
        Parameter("upload.txt", "File"),
        Parameter("RUN", "Run"),
        Parameter("CRED", "Credentials"),
    )
    job(sim, "p-all", waits, parameters=parameters)
    player.play_as_recorded()
    sim.controller.jobs["p-all"].builds[1].wait_paused()
    player.play_as_recorded(2)
    given = {"VERSION": "3.0", "upload.txt": "größe.txt", "SECRET": "s3cr3t"}
    sim.controller.start("p-all", parameters=given, only_given=True).wait_paused()
    player.play_as_recorded()
    paused(sim, "p-all", parameters={"VERSION": "x"})
    player.play_as_recorded(2)


def causes(sim: JenkinsSimulator, player: Player) -> None:
    every = {
        "c-user": [[user_cause("dev", DORA)], None, [user_cause("temp", "anonymous")], []],
        "c-down": [[upstream_cause("c-up", 1)]],
        "c-down2": [[upstream_cause("c-down", 1)], None, [upstream_cause("secret/up", 2)]],
        "c-rev": [[upstream_cause("c-user", 2, step=False)]],
        "c-replay": [None],
        "c-decl": [None],
        "c-cli": [[cli_cause("dev", DORA)]],
        "c-anon": [[user_cause(None, "anonymous")]],
        "c-merge": [[user_cause("dev", DORA), user_cause("admin", "admin")]],
        "c-cron": [[plain_cause("timer")]],
        "secret/up": [None, None],
    }
    for name, builds in every.items():
        job(sim, name, ends)
        for its in builds:
            finished(sim, name, its)
    own = Checkout("file:///srv/git/c-scm", "0" * 40, "origin/master")
    job(sim, "c-scm", ends, checkouts=lambda _: [own])
    finished(sim, "c-scm")
    finished(sim, "c-scm", [plain_cause("scm")])
    job(sim, "c-token", ends, token="s3cret")
    player.play_as_recorded(8)
    notes = [remote_cause("127.0.0.1", note) for note in ("nightly by hand", "said by dev")]
    sim.controller.jobs["c-token"].builds.clear()
    finished(sim, "c-token", notes)
    again(sim, "c-replay", player)
    player.play_as_recorded()
    finished(sim, "c-replay", [user_cause("admin", "admin"), replay_cause(2, verb="Rebuilt")])
    player.play_as_recorded()
    job(sim, "c-decl", ends, libraries=(Library("trusted", "master"),))
    again(sim, "c-decl", player)
    player.play_as_recorded(len(player.left) - 2)
    sim.users["agent-min"].hidden.add("secret")
    player.play_as_recorded(2)


def again(sim: JenkinsSimulator, name: str, player: Player) -> None:
    """Play the request that starts build 2 of a job, and wait for that build."""
    player.play_as_recorded()
    sim.controller.jobs[name].builds[2].wait_finished()


def description(sim: JenkinsSimulator, player: Player) -> None:
    job(sim, "pg", waits)
    paused(sim, "pg")
    player.play_as_recorded(7)


def hard_gate(sim: JenkinsSimulator, player: Player) -> None:
    def gate(build: Build) -> None:
        nonce = next(e.target.split("/")[5] for _, e in player.left if e.target.startswith(f"/{build.path}input"))
        parameters = (Parameter("MFA_REQUEST"), Parameter("MFA_RECEIPT"))
        build.input("Go?", nonce, submitter=AGENT, parameters=parameters)

    for name in ("r-gate", "r-decl", "r-body"):
        job(sim, name, gate)
        paused(sim, name)
    player.play_as_recorded()
    sim.restart()
    player.play_as_recorded(4)


def stop_term_kill(sim: JenkinsSimulator, player: Player) -> None:
    job(sim, "pg", waits)
    builds = [paused(sim, "pg") for _ in range(4)]
    player.play_as_recorded(12)
    for build in builds[1:]:
        player.play_as_recorded()
        build.wait_finished()
        player.play_as_recorded()


def input_page(sim: JenkinsSimulator, player: Player) -> None:
    recorded = exchanges(f"{player.name}.txt")[-1].json
    asked = next(a["executions"][0]["input"] for a in recorded["actions"] if "executions" in a)
    parameters = tuple(
        Parameter(
            p["name"],
            p["type"].removesuffix("ParameterDefinition"),
            p["defaultParameterValue"].get("value", ""),
            p["description"],
        )
        for p in asked["parameters"]
    )

    def pipeline(build: Build) -> None:
        build.input(
            asked["message"],
            asked["id"],
            ok=asked["ok"],
            submitter=asked["submitter"],
            submitter_parameter=asked["submitterParameter"],
            parameters=parameters,
        )

    job(sim, "pg", pipeline)
    paused(sim, "pg")
    player.play_as_recorded()


SCENARIOS = {
    "abort-caught": abort_caught,
    "build-parameters": build_parameters,
    "causes": causes,
    "description": description,
    "input-page": input_page,
    "restart-causes-and-hard-gate": hard_gate,
    "stop-term-kill-wfapi": stop_term_kill,
}
