from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jenkins_kit import RECORDED, ROSTER

from jenkins_mfa.core.model import Author, Facts, Parameter, Revision, Run, Starter, Trigger
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.sources.jenkins import changes, description, exported, inputs, records
from jenkins_mfa.sources.jenkins.exported import Build

TRUSTED = {"name": "trusted", "version": "master", "trusted": True, "variables": ["mfaGate"]}


def build(name: str, *libraries: dict[str, Any]) -> Build:
    """A recorded build; `libraries` is what its LibrariesAction would have told if asked."""
    data = json.loads(json.dumps(RECORDED[name]))
    for action in data["actions"]:
        if libraries and action.get("_class") == exported.LIBRARIES:
            action["libraries"] = list(libraries)
    return exported.decode(json.dumps(data).encode(), Build)


def started(name: str) -> list[Starter]:
    return records.starters(records.causes(build(name)), "job", ROSTER.get)


def facts(record: Build, job: str = "s-scm") -> Facts:
    run = inputs.run_of("main", job, 2, "https://ci/")
    changed = changes.read([record], None, records.own_branch(record, run), lambda *_: None)
    return records.read_facts(record, run, [], [], changed)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cause.person", [Starter(Trigger.PERSON, "dev", "dan")]),
        ("cause.cli", [Starter(Trigger.PERSON, "dev", "dan")]),
        ("cause.anonymous", [Starter(Trigger.PERSON)]),
        ("cause.deleted", [Starter(Trigger.PERSON, "temp")]),
        ("cause.two_people", [Starter(Trigger.PERSON, "dev", "dan"), Starter(Trigger.PERSON, "admin", "alice")]),
        ("cause.timer", [Starter(Trigger.SCHEDULE)]),
        ("cause.scm", [Starter(Trigger.SCM)]),
        ("scm.branch_before", [Starter(Trigger.SCM)]),
        ("scm.branch_after", [Starter(Trigger.SCM)]),
        ("cause.token", [Starter(Trigger.API)]),
        ("cause.build_step", [Starter(Trigger.UPSTREAM, via="c-up #1")]),
        ("cause.upstream_trigger", [Starter(Trigger.UPSTREAM, via="c-user #2")]),
        ("cause.replay", [Starter(Trigger.REPLAY, "dev", "dan", "job #1")]),
        ("cause.rebuild", [Starter(Trigger.REPLAY, "admin", "alice", "job #2")]),
        ("cause.restart", [Starter(Trigger.RESTART, "dev", "dan", "job #1")]),
        ("cause.none", [Starter(Trigger.UNKNOWN)]),
    ],
)
def test_recorded_causes_say_who_and_how(name: str, expected: list[Starter]) -> None:
    """Causes are a set; who is not named, deleted or not in the roster stays unknown."""
    assert started(name) == expected


def test_a_cause_of_an_unknown_class_is_an_unknown_starter() -> None:
    """A plugin's own trigger must not pass for a person, a schedule or nothing."""
    cause = exported.Cause(kind="org.example.MagicCause", userId="admin")
    assert records.starters([cause], "job", ROSTER.get) == [Starter(Trigger.UNKNOWN)]


def test_a_caller_of_the_job_token_cannot_name_anybody() -> None:
    """The note of a remote trigger is the caller's free text."""
    assert all(s.subject is None and s.person is None and not s.via for s in started("cause.token"))


def test_a_person_behind_an_origin_is_behind_the_build() -> None:
    """Whoever started the upstream or replayed build is a requester too, named with the way there."""
    found = records.causes(build("cause.person"))
    assert records.behind(("c-up", 1), found, ROSTER.get) == [Starter(Trigger.PERSON, "dev", "dan", "c-up #1")]


def test_an_origin_that_cannot_be_seen_hides_somebody_unknown() -> None:
    """An upstream that the reader may not see is 404, its name is told all the same."""
    assert records.behind(("secret/up", 2), None, ROSTER.get) == [Starter(Trigger.UNKNOWN, via="secret/up #2")]


def test_the_jobs_that_started_a_build_are_told_by_their_full_names() -> None:
    """Also where the build there may not be seen, or is not told."""
    assert records.upstream(records.causes(build("cause.build_step"))) == ["c-up"]
    assert records.upstream([exported.Cause(upstreamProject="team one/up")]) == ["team one/up"]
    assert records.upstream(records.causes(build("cause.person"))) == []


@pytest.mark.parametrize(
    ("name", "origins"),
    [
        ("cause.person", []),
        ("cause.replay", [("job", 1)]),
        ("cause.rebuild", [("job", 2)]),
        ("cause.restart", [("job", 1)]),
        ("cause.build_step", [("c-up", 1)]),
    ],
)
def test_origins_are_the_builds_to_look_into(name: str, origins: list[records.Origin]) -> None:
    """A replay's and a restart's own build, and the upstream one."""
    assert records.origins(records.causes(build(name)), "job") == origins


def test_a_replay_whose_build_is_not_told_still_has_an_origin() -> None:
    """Its original requesters are then somebody unknown, not nobody."""
    cause = exported.Cause(kind="org.jenkinsci.plugins.workflow.cps.replay.ReplayCause", shortDescription="?")
    assert records.origins([cause], "job") == [("job", 0)]
    assert records.starters([cause], "job", ROSTER.get) == [Starter(Trigger.REPLAY)]


def test_the_library_does_not_pass_for_the_build() -> None:
    """BuildData is taken by what it is for, never the first: the library's own is left out."""
    read = facts(build("scm.first", TRUSTED))
    assert read.revisions == (Revision("file:///srv/git/app2", "master", "f0dafa9a46426c9e4021116aec3014d5c4b4b58c"),)
    assert read.branch == "master"


def test_commits_and_authors_are_counted() -> None:
    """Two commits since the build before, both by one author as Jenkins guesses."""
    read = facts(build("scm.two_commits", TRUSTED))
    assert (read.commits, read.authors) == (2, (Author("ana", "ana@example.com"),))


def test_two_checkouts_are_two_revisions_in_order() -> None:
    """Each repository with its own commit; the own one first."""
    read = facts(build("scm.two_checkouts", TRUSTED))
    assert [r.repository for r in read.revisions] == ["file:///srv/git/app2", "file:///srv/git/side"]
    assert read.commits == 2


def test_commits_of_the_library_are_not_the_builds() -> None:
    """A global library's commits are listed among a build's changes by default."""
    data = json.loads(json.dumps(RECORDED["scm.library_only"]))
    for action in data["actions"]:
        if action.get("_class") == exported.BUILD_DATA:
            action["lastBuiltRevision"]["branch"] = [{"name": "master"}]
        if action.get("_class") == exported.LIBRARIES:
            action["libraries"] = [TRUSTED]
    read = facts(exported.decode(json.dumps(data).encode(), Build))
    assert (read.revisions, read.commits, read.authors, read.branch) == ((), 0, (), "")


@pytest.mark.parametrize("library", [TRUSTED | {"trusted": False}, TRUSTED | {"version": "v1"}])
def test_no_checkout_hides_behind_a_library_that_does_not_fit(library: dict[str, Any]) -> None:
    """An untrusted library is the Jenkinsfile's: it must not make a checkout disappear."""
    assert len(facts(build("scm.first", library)).revisions) == 2


def test_no_checkout_hides_behind_a_library_of_the_same_branch() -> None:
    """Two checkouts of a branch named as the one library's version: both are shown."""
    data = json.loads(json.dumps(RECORDED["scm.branch_after"]).replace("feature/x", "master"))
    for action in data["actions"]:
        if action.get("_class") == exported.LIBRARIES:
            action["libraries"] = [TRUSTED]
    assert len(facts(exported.decode(json.dumps(data).encode(), Build), "mb/master").revisions) == 2


def test_no_checkout_hides_behind_a_cached_library_of_the_same_branch() -> None:
    """A cached library leaves no BuildData: the one on the branch of its version is then the branch job's own."""
    data = json.loads(json.dumps(RECORDED["scm.branch_after"]).replace("feature/x", "v1.0"))
    for action in data["actions"]:
        if action.get("_class") == exported.LIBRARIES:
            action["libraries"] = [TRUSTED | {"version": "v1.0"}]
    data["actions"] = [
        action
        for action in data["actions"]
        if action.get("_class") != exported.BUILD_DATA or action["lastBuiltRevision"]["branch"][0]["name"] == "v1.0"
    ]
    read = facts(exported.decode(json.dumps(data).encode(), Build), "mb/v1.0")
    assert (read.branch, [r.branch for r in read.revisions]) == ("v1.0", ["v1.0"])


def test_a_branch_job_has_its_branch_before_anything_was_checked_out() -> None:
    """Multibranch shows nothing of its own repository until `checkout scm`, but its job is named as the branch."""
    read = facts(build("scm.branch_before", TRUSTED), "team one/mb/feature%2Fx")
    assert (read.branch, read.revisions) == ("feature/x", ())
    assert facts(build("scm.branch_before", TRUSTED), "team one/mb/master").branch == "master"


def test_a_branch_job_keeps_its_branch_whatever_it_checks_out() -> None:
    """The branch decides about rules, so it comes from the job, not from what a Jenkinsfile fetched."""
    read = facts(build("scm.branch_after", TRUSTED), "team one/mb/release%2F1")
    assert (read.branch, read.revisions[0].branch) == ("release/1", "feature/x")


def test_a_commit_that_is_none_is_refused() -> None:
    """What stands in the record as a commit must be one."""
    data = json.dumps(RECORDED["scm.first"]).replace("f0dafa9a46426c9e4021116aec3014d5c4b4b58c", "HEAD")
    with pytest.raises(UntrustedInputError):
        facts(exported.decode(data.encode(), Build))


def test_recorded_parameters_have_their_values_or_none() -> None:
    """Passwords, files, runs and credentials have no value; unicode and newlines stay."""
    assert facts(build("parameters")).parameters == (
        Parameter("VERSION", "2.0-β"),
        Parameter("ZIEL", "東京"),
        Parameter("DRY", "false"),
        Parameter("SECRET", None),
        Parameter("NOTES", "Zeile 1\nZeile 2 ✓"),
        Parameter("RUN", None),
        Parameter("CRED", None),
    )


def test_recorded_libraries_show_who_brings_what() -> None:
    """An untrusted library with variables named as steps, and a folder's of the trusted name, can be told."""
    evil = facts(build("libraries.evil")).libraries[1]
    assert (evil.name, evil.trusted, evil.variables) == ("evil", False, ("input", "libraryResource"))
    (folder,) = facts(build("libraries.folder")).libraries
    assert (folder.name, folder.version, folder.trusted) == ("trusted", "samename", False)


@pytest.mark.parametrize(
    ("name", "ended", "settlers"),
    [
        ("end.aborted", "aborted", ()),
        ("end.timeout", "timeout", ()),
        ("end.stopped", "stopped", ()),
        ("end.failfast", "FAILURE", ()),
        ("end.agent", "SUCCESS", ("mfa-agent",)),
        ("end.admin", "SUCCESS", ("admin",)),
    ],
)
def test_recorded_ends_are_told_apart(name: str, ended: str, settlers: tuple[str, ...]) -> None:
    """Abort, timeout, stop and a plain end differ by class, not by text; who proceeded stands in the record."""
    data = json.loads(json.dumps(RECORDED[name])) | {"building": False}
    data.setdefault("result", "ABORTED")
    outcome = records.read_outcome(exported.decode(json.dumps(data).encode(), Build), "a", 1, "mfa-agent")
    assert (outcome.finished, outcome.ended, outcome.settlers, outcome.us) == (True, ended, settlers, "mfa-agent")
    assert outcome.open_refs == frozenset()
    assert outcome.well == (ended == "SUCCESS")


def test_who_aborted_is_told_by_id() -> None:
    """A Rejection names its user when asked for the id."""
    data = json.dumps(RECORDED["end.aborted"]).replace('"user": {}', '"user": {"id": "dev"}')
    assert records.read_outcome(exported.decode(data.encode(), Build), "a", 1, "mfa-agent").by == "dev"
    assert "user[id]" in records.OUTCOME


def test_an_input_that_opened_again_under_its_id_is_open() -> None:
    """Retry asks again at once under the same id, beside the proceed that it had."""
    outcome = records.read_outcome(build("retry.again"), "a", 1, "mfa-agent")
    assert (len(outcome.open_refs), outcome.settlers, outcome.finished) == (1, ("mfa-agent",), False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**70) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["causes", "parameters", "lastBuiltRevision", "remoteUrls", "libraries", "executions", "userId"]
KINDS = [exported.CAUSES, exported.PARAMETERS, exported.BUILD_DATA, exported.LIBRARIES, exported.INPUT]
KINDS += [exported.APPROVER, exported.INTERRUPTED]
ACTIONS = st.lists(
    st.dictionaries(st.sampled_from(FIELDS), JSON).flatmap(
        lambda fields: st.sampled_from(KINDS).map(lambda kind: {"_class": kind, **fields})
    ),
    max_size=4,
)


def _all_of_it(data: bytes) -> None:
    record = exported.decode(data, Build)
    records.starters(records.causes(record), "a", ROSTER.get)
    changed = changes.read([record], record, "", lambda *_: None)
    records.read_facts(
        record, Run("m", "jenkins", "a", "1", 1, ""), [], records.upstream(records.causes(record)), changed
    )
    records.read_outcome(record, "a", 1, "mfa-agent")


@given(ACTIONS, JSON)
def test_any_record_is_read_or_refused(actions: list[dict[str, Any]], changes: object) -> None:
    """Junk in a field that we know never raises anything but our error."""
    try:
        _all_of_it(json.dumps({"actions": actions, "changeSets": changes}).encode())
    except UntrustedInputError:
        return


@given(st.sampled_from(sorted(RECORDED)), st.data())
def test_a_recorded_record_with_one_value_replaced_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """Almost right is the hardest junk."""
    text = json.dumps(RECORDED[name])
    spot = data.draw(st.sampled_from([place for place, char in enumerate(text) if char == ":"])) + 1
    end = min(place for place in (text.find(char, spot) for char in ",]}") if place > 0)
    try:
        _all_of_it((text[:spot] + json.dumps(data.draw(JSON)) + text[end:]).encode())
    except UntrustedInputError:
        return


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "mfa: waits"),
        ("by hand", "by hand\nmfa: waits"),
        ("mfa: before\nby hand", "mfa: waits\nby hand"),
        ("one\nmfa: before\ntwo\nmfa: more\n", "one\nmfa: waits\ntwo\n"),
        ("not mfa: this", "not mfa: this\nmfa: waits"),
    ],
)
def test_our_line_is_replaced_or_appended_and_the_rest_stays(old: str, new: str) -> None:
    """The author's description is theirs; ours is one line."""
    assert description.with_line(old, "waits") == new


def test_our_line_is_one_line_without_markup() -> None:
    """Descriptions are HTML on some controllers, and what we say may quote people."""
    assert description.with_line("", "denied:\n<b>no</b>\r mfa: yes") == "mfa: denied: ‹b›no‹/b› mfa: yes"


def test_the_longest_user_id_still_fits_into_the_trail() -> None:
    """T2: a bypass under an account with an endless name is judged and told like any other."""
    actions = [{"_class": exported.APPROVER, "userId": "x" * 5000}]
    record = exported.decode(json.dumps({"building": True, "actions": actions}).encode(), Build)
    assert inputs.settlers(record.actions) == ("x" * inputs.LONGEST_USER,)
