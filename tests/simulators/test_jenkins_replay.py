"""The simulated Jenkins answers the recorded requests as the two recorded controllers did."""

import pytest
from jenkins_player import Player
from jenkins_round_one import SCENARIOS as ROUND_ONE_SCENARIOS

from jenkins_mfa.simulators.jenkins import ROUND_ONE, JenkinsSimulator, Profile

TOMCAT_WITH_ROUND_ONE = Profile("2.528.1", "tomcat", "d775f5eb")

#: What is not replayed: file -> number of the exchange -> why.
SKIPPED: dict[str, dict[int, str]] = {
    "build-state": {7: "the quiet period of a queued build is not simulated: builds start at once"},
    "library": {3: "the console tells of git, which is not simulated"},
    "queue": {1: "waiting for a node is not simulated"},
    "restart-kill9": {
        2: "a POST in one moment of the start hit a half-loaded controller: 500 by luck",
        7: "the console tells of a resumed build by lines that depend on the moment of the kill",
    },
    "restart-orderly": {
        2: "a POST in one moment of the start got the page with X-Jenkins, a GET beside it without",
        8: "the simulator writes the pause of a restart at once, not while it is down",
    },
    "whoami": {4: "the list of user properties is that of the installed plugins"},
}


@pytest.mark.parametrize("name", sorted(ROUND_ONE_SCENARIOS))
def test_round_one(name: str) -> None:
    """Jenkins 2.528.1 in Jetty: status, X-Error, X-Jenkins, Content-Type, JSON and console of each exchange."""
    profile = TOMCAT_WITH_ROUND_ONE if name == "who-submitted" else ROUND_ONE
    with JenkinsSimulator(profile=profile, public_url="http://127.0.0.1:8090/") as sim:
        player = Player(sim, name, SKIPPED.get(name, {}))
        ROUND_ONE_SCENARIOS[name](sim, player)
        assert player.left == []
