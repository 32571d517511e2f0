"""The builds of a watched job as a controller tells them, in one request."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from jenkins_kit import PUBLIC, gate_input

from jenkins_mfa.core.model import Trigger
from jenkins_mfa.errors import SourceGoneError, UntrustedInputError
from jenkins_mfa.simulators.jenkins import Build as Simulated
from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.simulators.jenkins_model import Checkout, Library, replay_cause, restart_cause, user_cause
from jenkins_mfa.sources.jenkins import watched
from jenkins_mfa.sources.jenkins.check import inspect
from jenkins_mfa.sources.jenkins.exported import Build, decode
from jenkins_mfa.sources.jenkins.source import JenkinsSource


def test_the_last_builds_come_in_one_request_with_person_commit_and_libraries(
    sim: JenkinsSimulator, source: JenkinsSource
) -> None:
    """Newest first; the one that waits has not ended."""
    evil = Library("jenkins-mfa", "x", trusted=False, variables=("mfaGate",))
    checkout = Checkout("git@x:app", "4f2c" * 10, "main")
    sim.job("team one/deploy", lambda build: build.echo("hello"), libraries=(evil,), checkouts=lambda _: [checkout])
    sim.build("team one/deploy").wait_finished()
    sim.paused("team one/deploy", gate_input())
    before = sim.count()
    waits, ended = source.ran("team one/deploy")
    assert sim.count() == before + 1
    assert (waits.number, waits.finished, ended.number, ended.finished, ended.well) == (2, False, 1, True, True)
    assert [(one.subject, one.person, one.trigger) for one in ended.starters] == [("dev", "dan", Trigger.PERSON)]
    assert [(one.name, one.trusted, one.variables) for one in ended.libraries] == [("jenkins-mfa", False, ("mfaGate",))]
    assert [one.commit for one in ended.revisions] == ["4f2c" * 10]
    assert ended.run.url == f"{PUBLIC}/job/team%20one/job/deploy/1/"
    assert ended.run.started > 0


def test_the_stages_that_a_build_reached(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """In one request; a build that has none tells none."""

    def staged(build: Simulated) -> None:
        with build.stage("Deploy to production"):
            build.error("the disk is full")

    sim.job("a", staged)
    sim.job("b", lambda build: build.echo("hello"))
    for job in ("a", "b"):
        sim.build(job).wait_finished()
    before = sim.count()
    (run,) = (one.run for one in source.ran("a"))
    assert "Deploy to production" in source.stages(run)
    assert sim.count() == before + 2
    assert "Deploy to production" not in source.stages(source.ran("b")[0].run)


def test_a_build_of_too_many_steps_tells_no_stages() -> None:
    """Whoever writes a Pipeline could else hide a stage behind steps that nobody reads."""
    nodes = [{"displayName": "echo"}] * (watched.MOST_NODES + 1)
    flow = {"_class": "org.jenkinsci.plugins.workflow.job.views.FlowGraphAction", "nodes": nodes}
    build = decode(json.dumps({"number": 1, "actions": [flow]}).encode(), Build)
    with pytest.raises(UntrustedInputError):
        watched.stages(build)


@pytest.mark.parametrize(
    ("cause", "trigger"), [(replay_cause(1), Trigger.REPLAY), (restart_cause(1, "Deploy"), Trigger.RESTART)]
)
def test_a_replay_and_a_restart_are_seen_with_who_did_it(
    sim: JenkinsSimulator, source: JenkinsSource, cause: dict[str, object], trigger: Trigger
) -> None:
    """Both stand beside the person's own cause."""
    sim.job("a", lambda build: build.echo("hello"))
    sim.build("a").wait_finished()
    sim.build("a", causes=[user_cause("dev", "Dora Developer"), cause]).wait_finished()
    (starter,) = source.ran("a")[0].starters
    assert (starter.trigger, starter.person, starter.via) == (trigger, "dan", "a #1")


def test_a_job_that_the_account_does_not_see_is_gone(
    sim: JenkinsSimulator, connect: Callable[..., JenkinsSource]
) -> None:
    """Jenkins tells hidden and deleted apart for nobody."""
    sim.job("a")
    for source, job in ((connect("noread"), "a"), (connect(), "b"), (connect(), "..")):
        with pytest.raises(SourceGoneError):
            source.ran(job)


def test_a_record_of_another_shape_hides_no_other_build() -> None:
    """What a plugin or a Pipeline wrote there is told as unreadable."""
    library = '{"_class": "org.jenkinsci.plugins.workflow.libs.LibrariesAction", "libraries": %s}'
    texts = [
        f'{{"number": 2, "building": false, "result": "SUCCESS", "actions": [{library % given}]}}'
        for given in ("[3]", '[{"name": "x"}]')
    ]
    builds = [decode(text.encode(), Build) for text in texts]
    assert [watched.read(one, "main", "a", PUBLIC, lambda _: None).readable for one in builds] == [False, True]


def test_a_watched_job_that_cannot_be_seen_is_a_finding(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A typing error in its name would else look like peace."""
    sim.job("team one/deploy")
    jobs = ("team one/deploy", "team one/gone")
    found = {one.code: one for one in inspect(source.client, sim.url, "jenkins-mfa", 0, jobs)}["watched"]
    assert (found.ok, "gone" in found.says, "deploy" in found.says) == (False, True, False)
    found = {one.code: one for one in inspect(source.client, sim.url, "jenkins-mfa", 0, jobs[:1])}["watched"]
    assert found.ok
