from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import requests
from jenkins_kit import PUBLIC, ROSTER, WRITERS, Clock, gate_input, gated, nonce

from jenkins_mfa.core.model import Author, Starter, Trigger
from jenkins_mfa.core.model import Parameter as Given
from jenkins_mfa.errors import (
    SourceForbiddenError,
    SourceGoneError,
    SourceUnavailableError,
    UntrustedInputError,
)
from jenkins_mfa.simulators.jenkins import ROUND_TWO, Build, FlowInterruptedError, JenkinsSimulator, Parameter
from jenkins_mfa.simulators.jenkins_model import Checkout, Commit, replay_cause, upstream_cause, user_cause
from jenkins_mfa.sources.jenkins import behind, changes
from jenkins_mfa.sources.jenkins import source as adapter
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.sources.jenkins.source import JenkinsSource
from jenkins_mfa.usecases.ports import Abort, Proceed, Source

Connect = Callable[..., JenkinsSource]


def settle(sim: JenkinsSimulator, run: Build, verb: str, user: str, input_id: str = nonce()) -> None:
    url = f"{sim.url}{run.path}input/{input_id}/{verb}"
    form = {"json": "{}"}
    requests.post(url, form, auth=sim.auth(user), timeout=10).raise_for_status()


def test_it_is_a_source(source: JenkinsSource) -> None:
    """The port of the use cases, for one controller of several."""
    port: Source = source
    assert (port.id, port.kind) == ("main", "jenkins")


# Listing


def test_one_request_lists_everything_whatever_the_number_of_jobs(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Jobs are never iterated over."""
    for place in range(50):
        sim.job(f"idle {place}")
    for place in range(5):
        sim.paused(f"team/busy {place}", gate_input(nonce(str(place))))
    assert len(source.pending()) == 5
    assert sim.count() == 1


def test_a_hostile_build_cannot_make_the_listing_large(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Texts stay out, and twenty inputs of a build are enough: the rest waits its turn."""
    asked = [gate_input(f"Mfa-{place:032x}", request="x" * 10_000) for place in range(200)]
    sim.paused("hostile", *asked)
    assert len(source.client.get("computer/", adapter.inputs.LISTING).body) < 10_000
    assert len(source.pending()) == 20


def test_a_build_with_thousands_of_inputs_is_read_and_answered_like_any_other(
    sim: JenkinsSimulator, source: JenkinsSource
) -> None:
    """Its facts and its end are read in the same window as the listing, which moves on as the oldest ones end."""
    sim.paused("hostile", *[gate_input(f"Mfa-{place:032x}", request="y" * 100) for place in range(10_000)])
    paused = source.pending()[-1]
    trees = (adapter.records.FACTS, adapter.records.OUTCOME)
    assert all(len(source.client.get("job/hostile/1/", tree).body) < 10_000 for tree in trees)
    assert source.facts(paused).request == b"y" * 100
    source.answer(paused.ref, Proceed("receipt"))
    outcome = source.outcome(paused.run)
    assert paused.ref not in outcome.open_refs
    assert outcome.settlers == ("mfa-agent",)
    assert [one.ref for one in source.pending()] == sorted(outcome.open_refs)
    assert f"Mfa-{20:032x}" in {one.nonce for one in source.pending()}


@pytest.mark.parametrize("job", ["a", "team one/deploy prod", "team one/mb/feature%2Fx", "東京/größe", "a;b/c&d=e"])
@pytest.mark.parametrize("context", ["", "/jenkins", "/a/b"])
def test_any_job_is_listed_read_and_answered(job: str, context: str, clock: Clock) -> None:
    """Folders, spaces, `%2F`, unicode, a context path."""
    with JenkinsSimulator(context=context) as sim:
        source = JenkinsSource(
            "main", PUBLIC, Client(sim.url, "mfa-agent", "token-of-mfa-agent"), ROSTER.get, WRITERS.get, clock
        )
        sim.job(job, gated)
        build = sim.build(job)
        build.wait_paused()
        (paused,) = source.pending()
        assert paused.run.pipeline == job
        assert source.facts(paused).facts.run == paused.run
        source.answer(paused.ref, Proceed("receipt"))
        assert build.wait_finished() == "SUCCESS"
        assert source.outcome(paused.run).settlers == ("mfa-agent",)


def test_the_host_of_a_url_is_never_followed(clock: Clock) -> None:
    """Behind a reverse proxy Jenkins calls itself by another address; people get the public one."""
    with JenkinsSimulator(public_url="https://wrong.invalid/other/") as sim:
        source = JenkinsSource(
            "main", PUBLIC, Client(sim.url, "mfa-agent", "token-of-mfa-agent"), ROSTER.get, WRITERS.get, clock
        )
        sim.paused("a", gate_input())
        (paused,) = source.pending()
        assert paused.run.url == "https://ci.example.com/jenkins/job/a/1/"
        assert source.facts(paused).request == b'{"v": 1}'


def test_without_job_read_builds_are_silently_invisible(sim: JenkinsSimulator, connect: Connect) -> None:
    """Nothing pending and no error: that is why the check looks for at least one job."""
    sim.paused("a", gate_input(submitter="noread"))
    assert connect("noread").pending() == []


def test_an_input_inside_node_is_listed_the_same(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """The executor shows a placeholder, the input stands where it always does."""

    def held(build: Build) -> None:
        with build.node():
            gated(build)

    sim.job("a", held)
    sim.build("a").wait_paused()
    assert len(source.pending()) == 1


def test_inputs_of_others_are_left_alone(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Only inputs whose submitter is exactly our user; those with an id of ours are told."""
    sim.paused("a", gate_input(submitter="dev"), gate_input("Release", "dev"), gate_input(nonce("b"), "mfa-agent,dev"))
    assert [p.settled_by for p in source.pending()] == ["dev", "mfa-agent,dev"]


def test_several_controllers_are_several_objects(clock: Clock) -> None:
    """One's failure does not touch the other."""
    with JenkinsSimulator() as one, JenkinsSimulator() as two:
        sources = [
            JenkinsSource(
                name, PUBLIC, Client(s.url, "mfa-agent", "token-of-mfa-agent"), ROSTER.get, WRITERS.get, clock
            )
            for name, s in (("one", one), ("two", two))
        ]
        two.paused("a", gate_input())
        one.go_down()
        with pytest.raises(SourceUnavailableError):
            sources[0].pending()
        assert [p.run.source for p in sources[1].pending()] == ["two"]


# Facts


def test_facts_are_read_with_the_exact_request(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Text, starter, parameters, libraries: once per new gate, in three requests."""
    sim.job("a", parameters=(Parameter("REGION", default="eu"), Parameter("PW", "Password", "s3cret")))
    text = '{\n  "message": "Größe ☕"\n}'
    run = sim.paused("a", gate_input(request=text))
    run.actions.insert(
        0, {"_class": "hudson.model.ParametersAction", "parameters": [p.value(p.default) for p in run.job.parameters]}
    )
    (paused,) = source.pending()
    before = sim.count()
    opened = source.facts(paused)
    assert sim.count() - before == 3
    assert opened.request == text.encode()
    assert opened.facts.starters == (Starter(Trigger.PERSON, "dev", "dan"),)
    assert opened.facts.parameters == (Given("REGION", "eu"), Given("PW", None))
    assert [(lib.name, lib.trusted) for lib in opened.facts.libraries] == [("jenkins-mfa", True)]


def test_the_right_one_of_parallel_inputs_is_read(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """One execution by its place, checked by its id."""
    sim.paused("a", *(gate_input(nonce(c), request=f'"{c}"') for c in "abc"))
    assert [source.facts(p).request for p in source.pending()] == [b'"a"', b'"b"', b'"c"']


def test_a_request_too_large_is_refused_and_does_not_stop_the_others(
    sim: JenkinsSimulator, source: JenkinsSource
) -> None:
    """256 KiB is far beyond what the contract allows."""
    sim.paused("a", gate_input(request="x" * 300_000), gate_input(nonce("b")))
    large, small = source.pending()
    with pytest.raises(UntrustedInputError):
        source.facts(large)
    assert source.facts(small).request == b'{"v": 1}'


def test_an_input_settled_meanwhile_is_gone(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Between listing and reading, an administrator aborts."""
    run = sim.paused("a", gate_input())
    (paused,) = source.pending()
    settle(sim, run, "abort", "admin")
    with pytest.raises(SourceGoneError):
        source.facts(paused)


def test_a_twin_opened_meanwhile_is_refused(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Between listing and reading, a second input of the same id opens."""
    run = sim.paused("a", gate_input())
    (paused,) = source.pending()
    run.open(gate_input(submitter=None))
    with pytest.raises(UntrustedInputError):
        source.facts(paused)
    assert [p.problem for p in source.pending()] == ["twin"]


def test_who_started_the_upstream_build_is_a_requester(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """The build that it came from is asked: its name alone names nobody."""
    sim.paused("up/stream", gate_input(nonce("b")))
    sim.paused("a", gate_input(), causes=[upstream_cause("up/stream", 1)])
    (paused,) = [p for p in source.pending() if p.run.pipeline == "a"]
    assert source.facts(paused).facts.starters == (
        Starter(Trigger.UPSTREAM, via="up/stream #1"),
        Starter(Trigger.PERSON, "dev", "dan", "up/stream #1"),
    )


def chain(sim: JenkinsSimulator, length: int) -> None:
    """Dev starts up1, which starts up2 …, the last of which starts a."""
    sim.paused("up1", gate_input(nonce("c")))
    for place in range(2, length + 1):
        sim.paused(f"up{place}", causes=[upstream_cause(f"up{place - 1}", 1)])
    sim.paused("a", gate_input(), causes=[upstream_cause(f"up{length}", 1)])


def test_who_started_the_first_of_five_upstream_builds_is_a_requester(
    sim: JenkinsSimulator, source: JenkinsSource
) -> None:
    """Nested upstream causes are not exported: each build is asked for its own (S9)."""
    chain(sim, behind.HOPS)
    (paused,) = [p for p in source.pending() if p.run.pipeline == "a"]
    starters = source.facts(paused).facts.starters
    assert Starter(Trigger.PERSON, "dev", "dan", "up1 #1") in starters
    assert {s.trigger for s in starters} == {Trigger.UPSTREAM, Trigger.PERSON}
    assert source.facts(paused).facts.upstream == ("up5", "up4", "up3", "up2", "up1")


def test_beyond_five_upstream_builds_somebody_unknown_stands(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Whoever hides behind a longer chain counts as a stranger."""
    chain(sim, behind.HOPS + 1)
    (paused,) = [p for p in source.pending() if p.run.pipeline == "a"]
    assert Starter(Trigger.UNKNOWN) in source.facts(paused).facts.starters


def test_builds_that_name_each_other_are_asked_once(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A replay of a replay leads to builds that were asked before."""
    sim.paused("a", causes=[user_cause("dev", "Dora"), replay_cause(2)])
    sim.paused("a", gate_input(), causes=[user_cause("dev", "Dora"), replay_cause(1)])
    (paused,) = source.pending()
    before = sim.count()
    assert Starter(Trigger.UNKNOWN) not in source.facts(paused).facts.starters
    assert sim.count() - before == 6


def test_an_upstream_that_may_not_be_seen_hides_somebody_unknown(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Its name is told, its starters are not: they are not nobody."""
    sim.paused("secret/up")
    sim.users["mfa-agent"].hidden.add("secret")
    sim.paused("a", gate_input(), causes=[upstream_cause("secret/up", 1)])
    (paused,) = source.pending()
    assert Starter(Trigger.UNKNOWN, via="secret/up #1") in source.facts(paused).facts.starters


def test_who_started_the_replayed_build_is_a_requester(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Replaying somebody's build does not make them less of a requester."""
    sim.paused("a", user="admin")
    sim.paused("a", gate_input(), causes=[user_cause("dev", "Dora"), replay_cause(1)])
    (paused,) = source.pending()
    assert source.facts(paused).facts.starters == (
        Starter(Trigger.REPLAY, "dev", "dan", "a #1"),
        Starter(Trigger.PERSON, "admin", "alice", "a #1"),
    )


def test_many_origins_are_not_all_looked_into(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A build merged out of hundreds of triggers costs a bounded number of requests."""
    for place in range(30):
        sim.paused(f"up{place}")
    sim.paused("a", gate_input(), causes=[upstream_cause(f"up{place}", 1) for place in range(30)])
    (paused,) = source.pending()
    before = sim.count()
    assert Starter(Trigger.UNKNOWN) in source.facts(paused).facts.starters
    assert sim.count() - before == 3 + behind.ORIGINS


def committed(sim: JenkinsSimulator, *paths: str) -> None:
    """Build 1 of `a` checks something out; each later one finds a commit more, with these paths."""

    def checkouts(number: int) -> list[Checkout]:
        commit = Commit(f"{number:040x}", "bob", "Bob@example.com", "more", paths)
        return [Checkout("own", commit.id, "origin/main", (commit,) if number > 1 else ())]

    sim.job("a", checkouts=checkouts)


def test_changes_reach_back_to_the_build_that_we_let_go_on(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A denied build between does not take its commits, authors and paths with it."""
    committed(sim, "web/shop.py", '"infra/\\303\\274.tf"')
    for verb in ("proceed", "abort"):
        settle(sim, sim.paused("a", gate_input()), verb, "mfa-agent")
    sim.paused("a", gate_input())
    facts = source.facts(source.pending()[0]).facts
    assert (facts.commits, facts.since, facts.paths) == (2, "1", ("infra/ü.tf", "web/shop.py"))
    assert facts.authors == (Author("bob", "Bob@example.com", "bob"),)


def test_a_hostile_change_set_does_not_stop_its_gate(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Its record is larger than what is read of one: then nothing is known of its changes, and the gate opens."""
    committed(sim, *(f"{n:03000}" for n in range(changes.PATHS)))
    settle(sim, sim.paused("a", gate_input()), "proceed", "mfa-agent")
    sim.paused("a", gate_input())
    opened = source.facts(source.pending()[0])
    assert (opened.request, opened.facts.paths, opened.facts.commits) == (b'{"v": 1}', None, 0)


# Answers


def test_proceed_gives_the_receipt_alone(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """With the submitter that is a map of two entries; the request is not sent back, as its digest is taken there."""
    run = sim.paused("a", asked := gate_input())
    (paused,) = source.pending()
    source.answer(paused.ref, Proceed("eyJ.ü.x"))
    assert asked.value == {"MFA_RECEIPT": "eyJ.ü.x", "submitter": "mfa-agent"}
    assert not any("eyJ" in seen.path for seen in sim.requests)
    assert source.outcome(paused.run).settlers == ("mfa-agent",)
    assert not run.inputs


def test_a_long_receipt_is_taken(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """16 KiB and more."""
    sim.paused("a", asked := gate_input())
    source.answer(source.pending()[0].ref, Proceed("x" * 16_384))
    assert asked.value["MFA_RECEIPT"] == "x" * 16_384


def test_the_agent_needs_no_more_than_to_read(sim: JenkinsSimulator, connect: Connect) -> None:
    """Overall/Read and Job/Read are enough for the named submitter to proceed and to abort."""
    source = connect("agent-min")
    for verb in (Proceed("r"), Abort("denied")):
        run = sim.paused("a", gate_input(submitter="agent-min"))
        (paused,) = source.pending()
        source.answer(paused.ref, verb)
        assert not run.inputs
        run.finish("ABORTED")


def test_nothing_is_delivered_while_a_shutdown_is_prepared(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A proceed would be taken with 200, and the build would not go on."""
    run = sim.paused("a", gate_input())
    (paused,) = source.pending()
    sim.quiet_down()
    for answer in (Proceed("r"), Abort("denied")):
        with pytest.raises(SourceUnavailableError, match="shutdown"):
            source.answer(paused.ref, answer)
    assert run.inputs
    assert sim.count("POST") == 0
    assert len(source.pending()) == 1
    sim.cancel_quiet_down()
    source.answer(paused.ref, Proceed("r"))
    assert not run.inputs


def test_no_receipt_is_sent_that_jenkins_would_refuse_by_its_clock(connect: Connect) -> None:
    """The step would abort the build, while people read that it was resumed: the confirmation waits for the clock."""
    at = [10_000.0]
    with JenkinsSimulator(now=lambda: at[0]) as sim:
        run = sim.paused("a", gate_input())
        source = connect(url=sim.url, token=sim.auth("mfa-agent")[1])
        (paused,) = source.pending()
        for clock in (9_969, 10_330):
            at[0] = clock
            with pytest.raises(SourceUnavailableError, match="clock") as caught:
                source.answer(paused.ref, Proceed("r", (9_970, 10_330)))
            assert (caught.value.code, sim.count("POST")) == ("clock", 0)
        at[0] = 10_329
        source.answer(paused.ref, Proceed("r", (9_970, 10_330)))
        assert not run.inputs


@pytest.mark.parametrize("answer", [Proceed("r"), Abort("denied")])
def test_a_settled_input_is_gone(sim: JenkinsSimulator, source: JenkinsSource, answer: Proceed | Abort) -> None:
    """404 says nothing by itself: the caller reads the run again."""
    run = sim.paused("a", gate_input(), gate_input(nonce("b")))
    paused = source.pending()[0]
    settle(sim, run, "proceedEmpty", "admin")
    with pytest.raises(SourceGoneError):
        source.answer(paused.ref, answer)
    assert source.outcome(paused.run).settlers == ("admin",)


def test_an_input_of_others_cannot_be_answered(sim: JenkinsSimulator, connect: Connect) -> None:
    """400 with the reason: the operator mends it."""
    sim.paused("a", gate_input())
    (paused,) = connect().pending()
    with pytest.raises(SourceForbiddenError, match="You need to be mfa-agent"):
        connect("agent-min").answer(paused.ref, Proceed("r"))


def test_an_answer_that_is_lost_is_retried_and_the_record_tells(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """The effect was there: the retry finds the input gone, and the build's record says who proceeded."""
    sim.paused("a", gate_input())
    (paused,) = source.pending()
    sim.faults.lose("/proceed")
    with pytest.raises(SourceUnavailableError):
        source.answer(paused.ref, Proceed("r"))
    with pytest.raises(SourceGoneError):
        source.answer(paused.ref, Proceed("r"))
    assert source.outcome(paused.run).settlers == ("mfa-agent",)


def test_two_racing_requests_may_both_be_taken(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A 200 proves nothing: both proceeds stand in the record, in order, and the reading shows both."""
    run = sim.paused("a", gate_input())
    (paused,) = source.pending()
    run.race = threading.Barrier(2)
    other = threading.Thread(target=settle, args=(sim, run, "proceedEmpty", "admin"))
    other.start()
    source.answer(paused.ref, Proceed("r"))
    other.join()
    assert sorted(source.outcome(paused.run).settlers) == ["admin", "mfa-agent"]


# Our line in the description


def test_an_abort_first_says_why(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """The library echoes the line, so it stands before the build ends; the author's text is kept."""
    run = sim.paused("a", gate_input())
    run.description = "release 1.4\nmfa: waits for 2"
    (paused,) = source.pending()
    source.answer(paused.ref, Abort("denied by Bob: <b>no</b>"))
    assert run.description == "release 1.4\nmfa: denied by Bob: ‹b›no‹/b›"
    posts = [seen.path.rpartition("/")[2] for seen in sim.requests if seen.method == "POST"]
    assert posts == ["submitDescription", "abort"]


@pytest.mark.parametrize("status", [403, 404, 500, 503])
@pytest.mark.parametrize("part", ["tree=description", "/submitDescription"])
def test_no_trouble_with_the_line_keeps_a_build_from_being_aborted(
    sim: JenkinsSimulator, source: JenkinsSource, part: str, status: int
) -> None:
    """The abort is what counts."""
    run = sim.paused("a", gate_input())
    (paused,) = source.pending()
    sim.faults.status(part, status)
    source.answer(paused.ref, Abort("denied"))
    assert not run.inputs


def test_without_run_update_nothing_is_written_and_nothing_is_said(sim: JenkinsSimulator, connect: Connect) -> None:
    """The right is optional."""
    run = sim.paused("a", gate_input(submitter="agent-min"))
    source = connect("agent-min")
    source.note(source.pending()[0].run, "waits")
    assert run.description is None


def test_a_note_is_written_once(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """The same line again writes nothing; another one replaces it."""
    run = sim.paused("a", gate_input())
    at = source.pending()[0].run
    for says in ("waits for 2", "waits for 2", "waits for 1"):
        source.note(at, says)
    assert run.description == "mfa: waits for 1"
    assert sim.count("/submitDescription") == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("release 1.4\nmfa: waiting for 1 of release", "release 1.4\nmfa: ended before an answer"),
        ("mfa: waiting for approval in Slack", "mfa: ended before an answer"),
        ("mfa: break-glass: waiting for 1", "mfa: ended before an answer"),
        ("mfa: held: too many", "mfa: ended before an answer"),
        ("mfa: denied by Bob: waiting is over", "mfa: denied by Bob: waiting is over"),
        ("mfa: ended: not approved", "mfa: ended: not approved"),
        ("waiting for rain", "waiting for rain"),
        (None, None),
    ],
)
def test_the_note_of_an_end_only_replaces_a_line_that_says_that_the_build_waits(
    sim: JenkinsSimulator, source: JenkinsSource, before: str | None, after: str | None
) -> None:
    """The library, or another gate of the build, may have said more."""
    run = sim.paused("a", gate_input())
    run.description = before
    source.note(source.pending()[0].run, "ended before an answer", ended=True)
    assert run.description == after


def test_a_note_that_could_not_be_written_is_tried_again(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Only a missing right is quiet."""
    at = _pause(sim, source)
    sim.faults.status("/submitDescription", 503)
    with pytest.raises(SourceUnavailableError):
        source.note(at, "waits")


def _pause(sim: JenkinsSimulator, source: JenkinsSource):
    sim.paused("a", gate_input())
    return source.pending()[0].run


# Outcome


def test_an_open_input_is_open(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A reading of a waiting build."""
    sim.paused("a", gate_input(), gate_input(nonce("b"), "dev"))
    paused, other = source.pending()
    outcome = source.outcome(paused.run)
    assert outcome.open_refs == {paused.ref, other.ref}
    assert (outcome.finished, outcome.ended, outcome.us) == (False, "", "mfa-agent")


@pytest.mark.parametrize(
    ("end", "ended", "by"),
    [("abort", "aborted", "admin"), ("stop", "stopped", ""), ("timeout", "timeout", ""), ("fail", "FAILURE", "")],
)
def test_ends_are_told_apart(sim: JenkinsSimulator, source: JenkinsSource, end: str, ended: str, by: str) -> None:
    """Abort with who, stop, timeout, and a plain failure."""

    def held(build: Build) -> None:
        with build.timeout(0.1 if end == "timeout" else 600):
            gated(build)

    sim.job("a", held)
    build = sim.build("a")
    build.wait_paused()
    run = adapter.inputs.run_of("main", "a", build.number, PUBLIC + "/")
    if end == "abort":
        settle(sim, build, "abort", "admin")
    elif end == "stop":
        requests.post(f"{sim.url}{build.path}stop", auth=sim.auth("admin"), timeout=10)
    elif end == "fail":
        build.interrupt(FlowInterruptedError("FAILURE", []))
    build.wait_finished()
    outcome = source.outcome(run)
    assert (outcome.finished, outcome.ended, outcome.by, outcome.open_refs) == (True, ended, by, frozenset())


def test_a_caught_abort_leaves_a_build_that_goes_on(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """No trace in the record, but the build has not ended: the caller can look again and see."""

    def catching(build: Build) -> None:
        with build.catch_error():
            gated(build)
        build.input(message="and now?", id="other")

    sim.job("a", catching)
    build = sim.build("a")
    build.wait_paused()
    (paused,) = source.pending()
    source.answer(paused.ref, Abort("denied"))
    build.wait_paused()
    build.wait(lambda: any(i.id == "Other" for i in build.inputs))
    outcome = source.outcome(paused.run)
    assert paused.ref not in outcome.open_refs
    assert (outcome.finished, outcome.settlers) == (False, ())


def test_an_input_brought_back_is_open_again(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A restored controller shows a settled input as pending, under the same reference."""
    run = sim.paused("a", asked := gate_input())
    (paused,) = source.pending()
    source.answer(paused.ref, Proceed("r"))
    run.bring_back(asked)
    assert paused.ref in source.outcome(paused.run).open_refs
    assert [p.ref for p in source.pending()] == [paused.ref]


def test_a_run_counts_as_ended_only_when_it_stays_invisible(
    sim: JenkinsSimulator, source: JenkinsSource, clock: Clock
) -> None:
    """404 on two reads 60 s apart, while the root answers as our user."""
    at = _pause(sim, source)
    del sim.controller.jobs["a"].builds[1]
    for _ in range(3):
        with pytest.raises(SourceGoneError):
            source.outcome(at)
        clock.ms += adapter.INVISIBLE // 3 - 1
    clock.ms += 3
    outcome = source.outcome(at)
    assert (outcome.finished, outcome.ended, outcome.open_refs) == (True, "invisible", frozenset())


def test_a_run_that_was_seen_between_is_not_invisible(
    sim: JenkinsSimulator, source: JenkinsSource, clock: Clock
) -> None:
    """Two reads that did not find it, with one between that did, say nothing."""
    at = _pause(sim, source)
    for _ in range(2):
        sim.faults.status("/job/a/1/api", 404)
        with pytest.raises(SourceGoneError):
            source.outcome(at)
        assert not source.outcome(at).finished
        clock.ms += adapter.INVISIBLE


@pytest.mark.parametrize("fault", ["root", "whoami", "anonymous", "other"])
def test_a_run_is_not_invisible_while_jenkins_does_not_know_us(
    sim: JenkinsSimulator, source: JenkinsSource, clock: Clock, fault: str
) -> None:
    """A proxy's or a stranger's 404 ends nothing."""
    at = _pause(sim, source)
    del sim.controller.jobs["a"].builds[1]
    for _ in range(3):
        if fault == "root":
            sim.faults.status("GET /api/json", 503)
        elif fault == "whoami":
            sim.faults.status("/whoAmI", 401)
        else:
            name = "anonymous" if fault == "anonymous" else "other"
            body = f'{{"anonymous": {str(fault == "anonymous").lower()}, "name": "{name}"}}'
            sim.faults.body("/whoAmI", body.encode())
        with pytest.raises(SourceUnavailableError):
            source.outcome(at)
        clock.ms += adapter.INVISIBLE


# Restarts


def test_an_input_survives_a_restart_under_its_reference(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Same URL, same id; the caller sees the same pause."""
    at = _pause(sim, source)
    before = source.pending()
    sim.restart()
    assert source.pending() == before
    assert before[0].ref in source.outcome(at).open_refs


def test_a_starting_controller_is_unavailable_in_all_its_phases(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Refused, 503 with HTML, 401 with a valid token, 200 with nothing yet: no run has ended."""
    at = _pause(sim, source)
    sim.go_down()
    with pytest.raises(SourceUnavailableError):
        source.outcome(at)
    sim.come_up(phase="loading", listed=[])
    for phase in ("loading", "users"):
        sim.faults.phase = phase  # type: ignore[assignment]
        for verb in (source.pending, lambda: source.outcome(at)):
            with pytest.raises(SourceUnavailableError):
                verb()
    sim.faults.phase = "up"
    assert source.pending() == []
    assert not source.outcome(at).finished
    sim.finish_loading()
    assert len(source.pending()) == 1


def test_a_build_without_inputs_says_nothing_just_after_a_start(
    sim: JenkinsSimulator, source: JenkinsSource, clock: Clock
) -> None:
    """Inputs are loaded some time after the first 200: a build that shows none may have one."""
    run = sim.paused("a", asked := gate_input())
    at = source.pending()[0].run
    sim.restart()
    run.inputs.remove(asked)
    with pytest.raises(SourceUnavailableError, match="just started"):
        source.outcome(at)
    clock.ms += adapter.STARTING - 1
    with pytest.raises(SourceUnavailableError) as told:
        source.outcome(at)
    assert told.value.retry_after == 0.001
    clock.ms += 1
    assert source.outcome(at).open_refs == frozenset()


@pytest.mark.parametrize("gone", ["finished", "invisible"])
def test_no_run_has_ended_just_after_a_start(
    sim: JenkinsSimulator, source: JenkinsSource, clock: Clock, gone: str
) -> None:
    """Neither finished nor invisible is believed of a controller that still loads."""
    run = sim.paused("a", gate_input())
    at = source.pending()[0].run
    if gone == "finished":
        run.finish("ABORTED")
    else:
        del sim.controller.jobs["a"].builds[1]
        with pytest.raises(SourceGoneError):
            source.outcome(at)
    sim.restart()
    clock.ms += adapter.INVISIBLE
    with pytest.raises(SourceUnavailableError):
        source.outcome(at)
    clock.ms += adapter.STARTING
    if gone == "finished":
        assert source.outcome(at).ended == "ABORTED"
    else:
        with pytest.raises(SourceGoneError):
            source.outcome(at)


def test_a_fresh_agent_does_not_take_the_first_session_for_a_start(
    sim: JenkinsSimulator, source: JenkinsSource
) -> None:
    """It has to judge at once what the one before it sent."""
    sim.paused("a", gate_input())
    run = source.pending()[0].run
    source.answer(source.pending()[0].ref, Proceed("r"))
    assert source.outcome(run).settlers == ("mfa-agent",)


# Both kinds of controller


def test_a_controller_in_tomcat_is_served_the_same(clock: Clock) -> None:
    """Other container, other version, no reason phrase, full names that are not ids."""
    with JenkinsSimulator(profile=ROUND_TWO) as sim:
        source = JenkinsSource(
            "main", PUBLIC, Client(sim.url, "mfa-agent", "token-of-mfa-agent"), ROSTER.get, WRITERS.get, clock
        )
        sim.job("a", gated)
        build = sim.build("a")
        build.wait_paused()
        (paused,) = source.pending()
        assert source.facts(paused).facts.starters == (Starter(Trigger.PERSON, "dev", "dan"),)
        source.note(paused.run, "waits")
        source.answer(paused.ref, Proceed("r"))
        build.wait_finished()
        assert source.outcome(paused.run).settlers == ("mfa-agent",)


def test_two_hundred_paused_builds_cost_little(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """The agent's own time for one poll: reading 200 inputs takes a few milliseconds."""
    for place in range(200):
        sim.paused(f"team/job {place}", gate_input(f"Mfa-{place:032x}"))
    data = source.client.get("computer/", adapter.inputs.LISTING).body
    begun = time.process_time()
    for _ in range(10):
        found = adapter.inputs.read_listing(data, "main", adapter.inputs.Agents("mfa-agent"), PUBLIC)
    assert len(found) == 200
    assert (time.process_time() - begun) / 10 < 0.03


def test_a_job_made_anew_has_other_runs_although_they_have_the_same_numbers(
    sim: JenkinsSimulator, source: JenkinsSource
) -> None:
    """The start tells them apart: the run that we knew is gone, and nothing of the new one is said about it."""
    first = sim.paused("a", gate_input())
    first.started -= 60
    (before,) = source.pending()
    first.finish("ABORTED")
    del sim.controller.jobs["a"]
    sim.paused("a", gate_input(nonce("b")))
    (after,) = source.pending()
    assert after.run.key == before.run.key
    assert after.run.started > before.run.started > 0
    assert (source.outcome(before.run).ended, source.outcome(after.run).ended) == ("invisible", "")
    assert source.facts(after).facts.run == after.run


def test_the_listing_tells_who_settled_other_inputs_of_a_build(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """While ours waits, whoever is named proceeded another one."""

    def pipeline(build: Build) -> None:
        build.parallel({"plain": lambda: build.input(message="Go on?", id="Plain"), "gate": lambda: gated(build)})

    sim.job("a", pipeline)
    build = sim.build("a")
    build.wait_paused(2)
    requests.post(f"{sim.url}{build.path}input/Plain/proceedEmpty", auth=sim.auth("admin"), timeout=10)
    build.wait(lambda: len(build.inputs) == 1, 10)
    (paused,) = source.pending()
    assert paused.settlers == ("admin",)
    settle(sim, build, "abort", "admin")


def test_the_account_names_its_installation_once(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Beside what an administrator wrote there; another installation reads it and is told whose it is."""
    account = sim.users["mfa-agent"]
    account.description = "Account of the agent"
    assert source.owner("prod") == ""
    assert account.description == "Account of the agent\nmfa: installation prod"
    assert source.owner("prod") == ""
    assert source.owner("staging") == "prod"
    assert account.description.count("mfa: ") == 1
    account.description = None
    assert source.owner("staging") == ""
