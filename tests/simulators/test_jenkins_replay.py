"""The simulated Jenkins answers the recorded requests as the recorded controllers did."""

import pytest
from jenkins_libraries import SCENARIOS as LIBRARIES
from jenkins_player import Player
from jenkins_recorded import TRANSCRIPTS, exchanges
from jenkins_restarts import SCENARIOS as RESTARTS
from jenkins_round_one import SCENARIOS as FIRST
from jenkins_round_one_proceed import SCENARIOS as PROCEEDS
from jenkins_round_three import PROFILE as ROUND_THREE
from jenkins_round_three import SCENARIOS as THIRD
from jenkins_round_two import SCENARIOS as SECOND
from jenkins_scm import SCENARIOS as CHANGES
from jenkins_timeouts import SCENARIOS as TIMEOUTS

from jenkins_mfa.simulators.jenkins import ROUND_ONE, ROUND_TWO, JenkinsSimulator, Profile

ROUND_ONE_SCENARIOS = FIRST | PROCEEDS | RESTARTS
ROUND_TWO_SCENARIOS = SECOND | CHANGES | LIBRARIES | TIMEOUTS
TOMCAT_WITH_ROUND_ONE = Profile("2.528.1", "tomcat", "d775f5eb")

#: What is not replayed: file -> number of the exchange -> why.
SKIPPED: dict[str, dict[int, str]] = {
    "build-parameters": {3: "the upload of a file is not simulated; the build that it made is compared"},
    "build-state": {7: "the quiet period of a queued build is not simulated: builds start at once"},
    "flow-nodes-and-libraries": {
        0: "flow nodes have their class only, not their names and parents",
        7: "the listing's second build is of a recording with its own libraries, compared one by one before",
    },
    "input-page": dict.fromkeys(range(4), "recorded is the visible text of the page, without status and headers"),
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
    "scm": {13: "the properties and actions of a job are those of the installed plugins"},
    "timeout-parallel-retry-node": dict.fromkeys((4, 5), "the declarative pipeline had a mistake and never asked"),
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


@pytest.mark.parametrize("name", sorted(ROUND_TWO_SCENARIOS))
def test_round_two(name: str) -> None:
    """Jenkins 2.516.2 in Tomcat: the same, with other headers, accounts and plugins."""
    with JenkinsSimulator(profile=ROUND_TWO, public_url="http://127.0.0.1:18181/") as sim:
        player = Player(sim, name, SKIPPED.get(name, {}))
        ROUND_TWO_SCENARIOS[name](sim, player)
        assert player.left == []


@pytest.mark.parametrize("name", sorted(THIRD))
def test_round_three(name: str) -> None:
    """Jenkins 2.528.2 in Tomcat: the agent's own description, and the builds of a watched job."""
    with JenkinsSimulator(profile=ROUND_THREE, public_url="http://127.0.0.1:8190/") as sim:
        player = Player(sim, name, {})
        THIRD[name](sim, player)
        assert player.left == []


def test_the_large_majority_is_replayed() -> None:
    """Every recording has its scenario, and at most one exchange in ten is stepped over, with its reason."""
    names = {path.stem for path in TRANSCRIPTS.glob("*.txt")}
    assert names == set(ROUND_ONE_SCENARIOS | ROUND_TWO_SCENARIOS | THIRD)
    total = sum(len(exchanges(f"{name}.txt")) for name in names)
    assert total > 250
    assert sum(len(reasons) for reasons in SKIPPED.values()) < total / 10
