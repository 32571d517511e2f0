"""What the third recorded controller held when each recording was made."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jenkins_player import Player
from jenkins_recorded import exchanges

from jenkins_mfa.simulators.jenkins import ROUND_ONE, ROUND_TWO, Build, JenkinsSimulator, Profile
from jenkins_mfa.simulators.jenkins_model import Checkout, Library, replay_cause, restart_cause, user_cause

PROFILE = Profile(
    "2.528.2",
    "tomcat",
    "a294d049",
    {**ROUND_TWO.accounts, "mfa-agent": ROUND_ONE.accounts["desc"]},
)


def account_description(sim: JenkinsSimulator, player: Player) -> None:
    """Every account may write its own."""
    player.play_as_recorded(len(player.left))


def watched_builds(sim: JenkinsSimulator, player: Player) -> None:
    """The request by which the agent looks at a watched job."""
    by_dev = user_cause("dev", "dev")
    sim.job("w-plain", lambda build: build.echo("hello"), libraries=())
    for causes in ([by_dev], [by_dev, replay_cause(1)], [by_dev]):
        sim.build("w-plain", causes=causes).wait_finished()
    revision = next(_of(exchanges(f"{player.name}.txt")[1].json, "lastBuiltRevision"))["SHA1"]
    library = Library("jenkins-mfa", "main", variables=("mfaGate",))
    fetched = replace(library, checkout=Checkout("file:///srv/git/jenkins-mfa", revision, "main"))

    def gated(build: Build) -> None:
        build.input("Go?", "gate", submitter="mfa-agent")

    for libraries, causes, ending in (
        ((fetched,), [by_dev], "proceed"),
        ((library,), [user_cause("admin", "admin"), restart_cause(1, "Deploy")], "proceed"),
        ((fetched,), [by_dev], "proceed"),
        ((fetched,), [by_dev], "stop"),
        ((fetched,), [by_dev], ""),
    ):
        sim.job("w-staged", gated, libraries=libraries)
        build = sim.build("w-staged", causes=causes)
        asked = build.wait_paused()
        if ending == "proceed":
            build.proceed(asked, {}, sim.users["mfa-agent"])
        elif ending:
            player.request(f"{build.path}stop", "dev")
        if ending:
            build.wait_finished()
    sim.job("w-none")
    player.play_as_recorded(len(player.left))


def _of(value: Any, name: str) -> Iterator[Any]:
    """Each value of that name, wherever it stands."""
    if isinstance(value, dict):
        found = [value[name]] if name in value else []
        yield from found
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _of(item, name)


SCENARIOS = {
    "account-description": account_description,
    "watched-builds": watched_builds,
}
