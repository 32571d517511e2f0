"""What the second recorded controller held when each recording was made."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from jenkins_player import Player
from jenkins_recorded import exchanges

from jenkins_mfa.simulators.jenkins import Build, FlowInterruptedError, JenkinsSimulator, Parameter
from jenkins_mfa.simulators.jenkins_model import (
    Checkout,
    Commit,
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


def libraries(sim: JenkinsSimulator, player: Player) -> None:
    """The libraries of each build are what its recording lists; how they are exported is what is compared."""
    recorded = exchanges(f"{player.name}.txt")
    for number, name in ((3, "atk-04-mfaNaive"), (4, "atk-24-mfaHard"), (5, "fold/ord3"), (6, "ord9")):
        job(sim, name, ends, libraries=_listed(recorded[number].json))
        finished(sim, name)
    # The untrusted library of the attack was loaded by the pipeline, from a repository that it brought along.
    sim.controller.jobs["atk-04-mfaNaive"].checkouts = lambda _: [TRUSTED]
    trusted, evil = _listed(recorded[3].json)
    sim.controller.jobs["atk-04-mfaNaive"].libraries = (trusted, replace(evil, checkout=None))
    finished(sim, "atk-04-mfaNaive")
    attacked = sim.controller.jobs["atk-04-mfaNaive"].builds[2]
    attacked.actions.append({"_class": "org.jenkinsci.plugins.workflow.cps.EnvActionImpl"})
    for number, name in ((1, "m-nodes"), (2, "r-gate")):
        job(sim, name, waits, libraries=_listed(recorded[number].json))
        build = paused(sim, name)
        if name == "r-gate":
            build.proceed(build.inputs[0], {}, sim.users[AGENT])
            build.wait_finished()
    player.play_as_recorded(len(player.left))


def _listed(recorded: Any) -> tuple[Library, ...]:
    shown = next(a["libraries"] for a in recorded["actions"] if "libraries" in a)
    found = [
        Library(
            one["name"],
            one["version"],
            trusted=one["trusted"],
            variables=tuple(one.get("variables", ())),
            changelog=one.get("changelog", True),
        )
        for one in shown
    ]
    builds = sum(a.get("_class") == "hudson.plugins.git.util.BuildData" for a in recorded["actions"])
    return tuple(
        Library(one.name, one.version, one.trusted, one.variables, one.changelog, TRUSTED if n < builds else None)
        for n, one in enumerate(found)
    )


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


def scm(sim: JenkinsSimulator, player: Player) -> None:
    ana = {"author": "ana", "email": "ana@example.com"}
    second = (
        Commit(
            "02b86c4e3b4dfb988ab999afe71fb22fa175dc22",
            message="change a.txt, ünï.txt",
            paths=('"\\303\\274n\\303\\257.txt"', "a.txt"),
            **ana,
        ),
        Commit("b7b0617ac703713fbf472febe52d7cef2a38aef0", message="change b/c.txt", paths=("b/c.txt",), **ana),
    )
    later = "2026-11-24 22:39:37 +0000"
    fifth = Commit(
        "a0809896c4a6e80b64b7e50de309b10b263d9d8c", message="change a.txt", paths=("a.txt",), date=later, **ana
    )
    sixth = Commit(
        "0fe03144b4e809f42124701262f7af02552aea76",
        message="change Jenkinsfile, a.txt",
        paths=("Jenkinsfile", "a.txt"),
        date=later,
        **ana,
    )
    commits: dict[int, tuple[Commit, ...]] = {2: second, 5: (fifth,), 6: (sixth,)}
    heads = {1: "f0dafa9a46426c9e4021116aec3014d5c4b4b58c", 5: fifth.id, 6: sixth.id}
    side_commit = Commit(
        "aa846c4d372b82eb5574f73dc9a85a79f14a1ff8", message="change s.txt", paths=("s.txt",), date=later, **ana
    )

    def checkouts(number: int) -> list[Checkout]:
        head = heads.get(number, second[1].id)
        return [Checkout("file:///srv/git/app2", head, "origin/master", commits.get(number, ()))]

    def pipeline(build: Build) -> None:
        if build.number == 5:
            build.checkout(Checkout("file:///srv/git/side", side_commit.id, "origin/master", (side_commit,)))
        if build.number == 6:
            waits(build)
            build.wait(lambda: build.killed)

    job(sim, "s-scm", pipeline, checkouts=checkouts)
    for _ in range(5):
        finished(sim, "s-scm")
    player.play_as_recorded(4)
    build = paused(sim, "s-scm")
    player.play_as_recorded()
    build.proceed(build.inputs[0], {}, sim.users[AGENT])
    player.play_as_recorded()
    build.kill()
    _multibranch(sim, player)
    change = Commit("b7139bfd245526fe6b213b40fff6dec9af041fda", message="change README.md", paths=("README.md",), **ana)
    newer = Checkout(TRUSTED.remote, change.id, "master", (change,))
    job(sim, "m-lib", ends)
    finished(sim, "m-lib")
    job(sim, "m-lib", ends, libraries=(Library("trusted", "master", checkout=newer),))
    finished(sim, "m-lib")
    player.play_as_recorded()


def _multibranch(sim: JenkinsSimulator, player: Player) -> None:
    def pipeline(build: Build) -> None:
        if build.number > 1:
            build.checkout(heads[build.number])
        build.input("Deploy the branch?", "636f38b31b33dac894e924382f65efd1")

    mine = "file:///srv/git/mb"
    change = Commit("9a9f78264bc6af47f009ee39fe84b6b240cc4dfe", "ana", "ana@example.com", "change f.txt", ("f.txt",))
    heads = {
        2: Checkout(mine, "0f44ce78f0c020b5dfc4f4d4bf5d3bef49c7e0f4", "feature/x"),
        3: Checkout(mine, change.id, "feature/x", (change,)),
        4: Checkout(mine, change.id, "feature/x"),
    }
    branch = "team one/mb/feature%2Fx"
    sim.multibranch("team one/mb")
    for name in (branch, "team one/mb/master"):
        job(sim, name, pipeline)
        build = sim.build(name, causes=[plain_cause("indexing")])
        build.wait_paused()
        build.actions.insert(2, {"_class": "jenkins.scm.api.SCMRevisionAction"})
        build.actions.insert(-1, {"_class": "org.jenkinsci.plugins.workflow.cps.EnvActionImpl"})
    player.play_as_recorded(4)
    for cause in (plain_cause("indexing"), plain_cause("push"), user_cause("dev", DORA)):
        build = sim.build(branch, causes=[cause])
        build.wait_paused()
        build.actions.insert(2, {"_class": "jenkins.scm.api.SCMRevisionAction"})
        player.play_as_recorded()


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
    "flow-nodes-and-libraries": libraries,
    "input-page": input_page,
    "restart-causes-and-hard-gate": hard_gate,
    "scm": scm,
    "stop-term-kill-wfapi": stop_term_kill,
}
