"""What can go wrong with the simulated Jenkins goes wrong when told to, and only then."""

import threading
from collections.abc import Iterator

import pytest
import requests
from jenkins_requests import AGENT, LISTING, get, listed, post, waiting

from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator


@pytest.fixture
def sim() -> Iterator[JenkinsSimulator]:
    with JenkinsSimulator() as running:
        yield running


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_a_status_comes_for_so_many_requests(sim: JenkinsSimulator, status: int) -> None:
    """The next two requests of that path get the status as HTML, without effect; others and later ones do not."""
    run = sim.paused("job", waiting())
    sim.faults.status("/proceedEmpty", status, times=2)
    path = f"{run.path}input/Gate/proceedEmpty"
    for _ in range(2):
        answer = post(sim, path)
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/html")
    assert run.building
    assert get(sim, LISTING).status_code == 200
    assert post(sim, path).status_code == 200
    assert run.result == "SUCCESS"


def test_garbage_and_floods(sim: JenkinsSimulator) -> None:
    """A body of any bytes can stand in for the listing, also 50 MB of it."""
    sim.faults.body("/computer/", b"\x00\xff{")
    assert get(sim, LISTING).content == b"\x00\xff{"
    sim.faults.body("/computer/", b"x" * 50_000_000)
    assert len(get(sim, LISTING).content) == 50_000_000
    assert get(sim, LISTING).json()["_class"] == "hudson.model.ComputerSet"


def test_a_lost_answer_has_its_effect(sim: JenkinsSimulator) -> None:
    """The socket is closed after the proceed was taken; the record shows it as unanswered."""
    run = sim.paused("job", waiting())
    sim.faults.lose("/proceedEmpty")
    with pytest.raises(requests.ConnectionError):
        post(sim, f"{run.path}input/Gate/proceedEmpty")
    assert run.result == "SUCCESS"
    assert [seen.status for seen in sim.requests] == [None]


def test_a_dropped_request_has_none(sim: JenkinsSimulator) -> None:
    """The socket is closed before the proceed was taken."""
    run = sim.paused("job", waiting())
    sim.faults.drop("/proceedEmpty")
    with pytest.raises(requests.ConnectionError):
        post(sim, f"{run.path}input/Gate/proceedEmpty")
    assert run.building


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_held_request_waits_for_the_test(sim: JenkinsSimulator, after_effect: bool) -> None:
    """A slow answer ends when the test says so, with the effect before or after the wait."""
    run = sim.paused("job", waiting())
    release = sim.faults.hold("/proceedEmpty", after_effect=after_effect)
    answers: list[int] = []
    thread = threading.Thread(
        target=lambda: answers.append(post(sim, f"{run.path}input/Gate/proceedEmpty").status_code)
    )
    thread.start()
    if after_effect:
        run.wait_finished()
    assert answers == []
    assert run.building is not after_effect
    release.set()
    thread.join(20)
    assert answers == [200]
    assert not run.building


def test_two_settlements_can_both_get_200(sim: JenkinsSimulator) -> None:
    """Settling is not atomic: two proceeds that meet are both taken, and both are on record."""
    run = sim.paused("job", waiting())
    run.race = threading.Barrier(2)
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda user=user: answers.append(post(sim, f"{run.path}input/Gate/proceedEmpty", user).status_code)
        )
        for user in (AGENT, "admin")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [200, 200]
    shown = get(sim, f"{run.path}api/json?tree=actions[userId]").json()["actions"]
    assert sorted(action["userId"] for action in shown if "userId" in action) == ["admin", AGENT]


def test_an_abort_can_race_a_proceed(sim: JenkinsSimulator) -> None:
    """A 200 proves nothing: a proceed and an abort that meet both get it, one of them decides."""
    run = sim.paused("job", waiting())
    run.race = threading.Barrier(2)
    answers: dict[str, int] = {}

    def settle(verb: str) -> None:
        answers[verb] = post(sim, f"{run.path}input/Gate/{verb}").status_code

    threads = [threading.Thread(target=settle, args=(verb,)) for verb in ("proceedEmpty", "abort")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == {"proceedEmpty": 200, "abort": 200}
    assert run.result in ("SUCCESS", "ABORTED")


def test_a_restart_goes_through_its_stages(sim: JenkinsSimulator) -> None:
    """Refused, 503 with HTML, 401 to a valid token, an incomplete listing, then everything; a new session id."""
    runs = [sim.paused("job", waiting()) for _ in range(3)]
    before = get(sim, LISTING).headers["X-Jenkins-Session"]
    address = sim.url
    sim.go_down()
    with pytest.raises(requests.ConnectionError):
        get(sim, LISTING)
    sim.come_up(phase="loading", listed=runs[:1])
    assert sim.url == address
    assert get(sim, LISTING).status_code == 503
    sim.faults.phase = "users"
    assert get(sim, LISTING).status_code == 401
    sim.faults.phase = "up"
    assert listed(sim) == ["Gate"]
    assert get(sim, f"{runs[2].path}api/json").status_code == 200
    sim.finish_loading()
    assert listed(sim) == ["Gate"] * 3
    assert get(sim, LISTING).headers["X-Jenkins-Session"] != before


def test_a_restart_cuts_open_connections_and_keeps_inputs(sim: JenkinsSimulator) -> None:
    """A kept connection ends with the controller; the input has the same id, and its pipeline goes on."""

    def pipeline(build: Build) -> None:
        build.input("Go?", "gate", submitter=AGENT)
        build.echo("went on")

    sim.job("job", pipeline)
    build = sim.build("job")
    build.wait_paused()
    with requests.Session() as session:
        session.auth = sim.auth(AGENT)
        assert session.get(sim.url + "api/json", timeout=10).ok
        sim.restart()
        assert session.get(sim.url + "api/json", timeout=10).ok
    assert post(sim, f"{build.path}input/Gate/proceedEmpty").status_code == 200
    assert build.wait_finished() == "SUCCESS"
    assert "Pausing (shutting down)" in build.console


def test_a_settled_input_can_come_back(sim: JenkinsSimulator) -> None:
    """A restored controller shows a settled input pending again, and takes a second proceed."""
    asked = waiting()
    run = sim.paused("job", asked)
    path = f"{run.path}input/Gate/proceedEmpty"
    assert post(sim, path).status_code == 200
    assert (listed(sim), run.result) == ([], "SUCCESS")
    run.bring_back(asked)
    assert listed(sim) == ["Gate"]
    assert get(sim, f"{run.path}api/json?tree=building,result").json()["result"] is None
    assert post(sim, path).status_code == 200
    assert run.result == "SUCCESS"


def test_quiet_down_takes_a_proceed_and_holds_the_build(sim: JenkinsSimulator) -> None:
    """While it prepares for shutdown the proceed gets 200 and leaves the listing, but nothing goes on."""
    sim.job("job", lambda build: build.input("Go?", "gate", submitter=AGENT))
    build = sim.build("job")
    build.wait_paused()
    sim.quiet_down()
    assert get(sim, "api/json?tree=quietingDown").json()["quietingDown"] is True
    assert post(sim, f"{build.path}input/Gate/proceedEmpty").status_code == 200
    assert listed(sim) == []
    build.wait(lambda: build.log[-1] == "Pausing (Preparing for shutdown)")
    assert build.building
    sim.cancel_quiet_down()
    assert build.wait_finished() == "SUCCESS"


def test_requests_are_recorded(sim: JenkinsSimulator) -> None:
    """Who asked for what, in order and with monotonic times, and how often."""
    get(sim, "whoAmI/api/json", "dev")
    post(sim, "job/none/build", AGENT)
    assert [(seen.method, seen.path, seen.user, seen.status) for seen in sim.requests] == [
        ("GET", "/whoAmI/api/json", "dev", 200),
        ("POST", "/job/none/build", AGENT, 404),
    ]
    assert sim.requests[0].at < sim.requests[1].at
    assert (sim.count(), sim.count("POST /job/"), sim.count("/computer/")) == (2, 1, 0)
