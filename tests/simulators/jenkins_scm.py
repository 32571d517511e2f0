"""The second controller's recording of revisions and change sets, multibranch included."""

from jenkins_player import Player
from jenkins_round_two import AGENT, DORA, TRUSTED, ends, finished, job, paused, waits

from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator
from jenkins_mfa.simulators.jenkins_model import Checkout, Commit, Library, plain_cause, user_cause


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


SCENARIOS = {"scm": scm}
