"""The second controller's recording of the libraries that builds had loaded, hostile ones included."""

from dataclasses import replace
from typing import Any

from jenkins_player import Player
from jenkins_recorded import exchanges
from jenkins_round_two import AGENT, TRUSTED, ends, finished, job, paused, waits

from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.simulators.jenkins_model import Library


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


SCENARIOS = {"flow-nodes-and-libraries": libraries}
