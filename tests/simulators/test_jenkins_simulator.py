"""What the recordings do not show of the simulated Jenkins: context paths, ranges, accounts, many builds, clock."""

import json
import threading
from collections.abc import Iterator

import pytest
import requests
from jenkins_requests import AGENT, LISTING, get, listed, post, waiting

from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, Parameter, Run, User


@pytest.fixture
def sim() -> Iterator[JenkinsSimulator]:
    with JenkinsSimulator() as running:
        yield running


def test_a_context_path_stands_in_every_url() -> None:
    """Behind a context path all urls and redirects carry it, and nothing answers outside it."""
    with JenkinsSimulator(context="/ci/jenkins") as sim:
        run = sim.paused("team one/größe", waiting())
        shown = get(sim, f"{run.path}api/json?tree=url").json()["url"]
        assert shown == f"{sim.url}job/team%20one/job/gr%C3%B6%C3%9Fe/1/"
        assert post(sim, f"{run.path}stop").headers["Location"] == f"/ci/jenkins/{run.path}"
        outside = requests.get(sim.url.replace("/ci/jenkins", "") + "api/json", auth=sim.auth(AGENT), timeout=10)
        assert outside.status_code == 404


def test_ranges_cut_lists(sim: JenkinsSimulator) -> None:
    """`{a,b}`, `{a}`, `{a,}` and `{,b}` take their elements only; a malformed tree is 400."""
    run = sim.paused("job", *(waiting(f"i{n}") for n in range(5)))

    def ids(given: str) -> list[str]:
        shown = get(sim, f"{run.path}api/json?tree=actions[executions[id]{given}]").json()["actions"]
        return [one["id"] for action in shown for one in action.get("executions", [])]

    assert ids("{1,3}") == ["I1", "I2"]
    assert ids("{3}") == ["I3"]
    assert ids("{4,}") == ["I4"]
    assert ids("{,2}") == ["I0", "I1"]
    for malformed in ("actions[", "actions[]]", "a,,b", "a{}", "a{1"):
        assert get(sim, f"{run.path}api/json?tree={malformed}").status_code == 400


def test_without_job_read_builds_are_invisible(sim: JenkinsSimulator) -> None:
    """An account without Job/Read gets 200 and executors without data; a hidden job is no such job."""
    run = sim.paused("secret/job", waiting())
    node = get(sim, LISTING, "noread").json()["computer"][0]
    assert node["oneOffExecutors"] == [{"currentExecutable": None}]
    assert get(sim, f"{run.path}api/json").status_code == 200
    sim.users[AGENT].hidden.add("secret")
    assert get(sim, f"{run.path}api/json").status_code == 404
    assert get(sim, LISTING).json()["computer"][0]["oneOffExecutors"] == [{"currentExecutable": None}]


def test_accounts_can_be_given() -> None:
    """A test may bring its own accounts; tokens and passwords are theirs."""
    bot = User("bot", "Bot", "t0ken", "pw", frozenset({"Overall/Read"}))
    with JenkinsSimulator(accounts=[bot]) as sim:
        assert get(sim, "whoAmI/api/json", "bot").json()["name"] == "bot"
        assert requests.get(sim.url + "api/json", auth=("bot", "wrong"), timeout=10).status_code == 401


def test_thousands_wait_without_a_thread(sim: JenkinsSimulator) -> None:
    """Builds without a pipeline cost no thread, and all are in one listing."""
    threads = threading.active_count()
    for _ in range(2000):
        sim.paused("job", waiting())
    assert threading.active_count() <= threads + 1
    assert len(listed(sim)) == 2000


def test_an_ended_build_may_still_list_an_input(sim: JenkinsSimulator) -> None:
    """After term or kill the ended build shows its input as open, as the real one does; a proceed of it is 404."""
    for verb in ("term", "kill"):
        sim.job(verb, lambda build: build.input("Go?", "gate", submitter=AGENT))
        build: Run = sim.build(verb)
        build.wait_paused()
        assert post(sim, f"{build.path}{verb}", "admin").status_code == 302
        assert build.wait_finished() == "ABORTED"
        shown = get(sim, f"{build.path}api/json?tree=building,actions[executions[id,settled]]").json()
        assert shown["building"] is False
        assert {"id": "Gate", "settled": False} in [e for a in shown["actions"] for e in a.get("executions", [])]
        assert post(sim, f"{build.path}input/Gate/proceedEmpty").status_code == 404
        assert listed(sim) == []


def test_a_timeout_around_an_input_follows_the_simulators_clock() -> None:
    """The clock that a test moves ends the wait; the exception tells that it was a timeout."""
    at = [1000.0]
    with JenkinsSimulator(now=lambda: at[0]) as sim:

        def pipeline(build: Build) -> None:
            with build.timeout(60):
                build.input("Go?", "gate", parameters=(Parameter("P"),))

        sim.job("job", pipeline)
        build = sim.build("job")
        build.wait_paused()
        at[0] += 61
        assert build.wait_finished() == "ABORTED"
        shown = get(sim, f"{build.path}api/json?tree=actions[causes[_class]]").json()["actions"]
        assert "ExceededTimeout" in json.dumps(shown)
