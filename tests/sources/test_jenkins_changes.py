from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jenkins_kit import RECORDED, WRITERS

from jenkins_mfa.core.model import Author
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.sources.jenkins import behind, changes, exported, records
from jenkins_mfa.sources.jenkins.changes import Changes
from jenkins_mfa.sources.jenkins.exported import Build

US = "mfa-agent"
APPROVED = {"_class": exported.APPROVER, "userId": US}
ANA = Author("Ana", "Ana@example.com")
#: What the recorded second build changed: C strings and both names of a renamed file included.
SECOND = ("infra/a.tf", "infra/b.tf", 'infra/q"uo\tte.txt', "infra/with space.txt", "infra/ü.tf")

Raw = dict[str, Any]


def wrote(_subject: str, address: str) -> str | None:
    return WRITERS.get(address)


def recorded(number: int, *, approved: bool = False) -> Raw:
    raw: Raw = json.loads(json.dumps(RECORDED[f"history.{number}"]))
    if approved:
        raw["actions"].append(APPROVED)
    return raw


def read(*raw: Raw, own: str = "") -> Changes:
    """What is told of these builds of one job, the oldest first: the last one asks."""
    known = {one["number"]: exported.decode(json.dumps(one).encode(), Build) for one in raw}
    builds, base = behind.history("job", raw[-1]["number"], US, lambda _job, number, _tree: known.get(number))
    return changes.read(builds, base, own, wrote)


def built(number: int, commit: str, *listed: Raw, approved: bool = False, repository: str = "own", **more: Any) -> Raw:
    """A build of one checkout."""
    return {
        "number": number,
        "building": not approved,
        "result": "SUCCESS" if approved else None,
        "previousBuild": {"number": number - 1} if number > 1 else None,
        "actions": [checkout(commit, repository), *([APPROVED] if approved else [])],
        "changeSets": [{"items": list(listed)}] if listed else [],
        **more,
    }


def checkout(commit: str, repository: str = "own", branch: str = "origin/main") -> Raw:
    revision = {"SHA1": commit * 40, "branch": [{"name": branch}]}
    return {"_class": exported.BUILD_DATA, "lastBuiltRevision": revision, "remoteUrls": [repository]}


def commit(digit: str, *paths: str, author: str = "ana", email: str = "") -> Raw:
    return {"commitId": digit * 40, "author": {"id": author}, "authorEmail": email, "affectedPaths": list(paths)}


def test_recorded_paths_are_those_that_a_glob_must_meet() -> None:
    """Git quotes what is not plain, and Jenkins hands that on: `infra/ü.tf` must not look like another folder."""
    assert read(recorded(1, approved=True), recorded(2)) == Changes(3, (ANA,), SECOND, "1")


def test_changes_of_builds_that_nobody_let_go_on_stay_changes() -> None:
    """Push, be denied, build once more: Jenkins then lists nothing at all, and what was pushed is still new."""
    again = recorded(2) | {"number": 3, "changeSets": [], "previousBuild": {"number": 2}}
    assert read(recorded(1, approved=True), recorded(2), again) == Changes(3, (ANA,), SECOND, "1")


def test_nothing_new_since_people_let_a_build_go_on_is_known_to_be_nothing() -> None:
    """No paths are something else than unknown paths."""
    assert read(recorded(6, approved=True), recorded(7)) == Changes(0, (), (), "6")


@pytest.mark.parametrize(
    ("before", "build", "why"),
    [
        (2, 3, "a merge: Jenkins leaves merges out, and this one added a file by itself"),
        (3, 4, "an empty commit names no paths"),
        (4, 5, "the branch was set back: Jenkins lists nothing although files changed"),
    ],
)
def test_recorded_changes_that_jenkins_does_not_tell_are_unknown(before: int, build: int, why: str) -> None:
    """Better no paths than half of them."""
    assert read(recorded(before, approved=True), recorded(build)).paths is None, why


def test_without_a_build_that_people_saw_the_paths_are_unknown() -> None:
    """The first gate of a job: only the build's own commits are counted, since the build before."""
    assert read(recorded(1), recorded(2)) == Changes(3, (ANA,), None, "1")
    assert read(recorded(1)) == Changes(0, (), None, "")


@pytest.mark.parametrize(
    "spoilt",
    [{"result": "ABORTED"}, {"building": True}, {"actions": [checkout("1"), APPROVED | {"userId": "admin"}]}],
)
def test_only_a_build_that_ended_well_after_our_answer_is_a_base(spoilt: Raw) -> None:
    """A denied gate, one further on that still waits, and an administrator's Proceed have shown nothing to people."""
    base = built(1, "1", approved=True) | spoilt
    assert read(base, built(2, "2", commit("2", "a"))).paths is None


def test_the_history_that_is_looked_through_ends() -> None:
    """A job that nobody lets go on must not cost more with every build; its paths are unknown."""
    asked: list[int] = []

    def look(_job: str, number: int, _tree: str) -> Build:
        asked.append(number)
        return exported.decode(json.dumps(built(number, "1")).encode(), Build)

    builds, base = behind.history("job", 500, US, look)
    assert (asked, len(builds), base) == (list(range(500, 500 - behind.HISTORY, -1)), behind.HISTORY, None)


def test_a_history_that_turns_back_ends() -> None:
    """A record that names itself as the build before would be read for ever."""
    loop = built(3, "1") | {"previousBuild": {"number": 3}}
    builds, _ = behind.history("job", 3, US, lambda *_: exported.decode(json.dumps(loop).encode(), Build))
    assert len(builds) == 1


def test_a_build_that_cannot_be_read_makes_the_paths_unknown() -> None:
    """Too large, or gone: what it changed is told nowhere else."""
    assert read(built(1, "1", approved=True), built(3, "3", commit("3", "a"))).paths is None
    assert changes.read([], None, "", wrote) == Changes(0, (), None, "")


def test_a_deleted_build_takes_its_changes_with_it() -> None:
    """Whoever may delete a build could hide what it listed."""
    later = built(3, "3", commit("3", "a")) | {"previousBuild": {"number": 1}}
    assert read(built(1, "1", approved=True), later).paths is None


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (built(2, "2"), "a checkout without its changelog, or a branch set back"),
        (built(2, "1", actions=[]), "the checkout is still to come"),
        (built(2, "1", repository="other"), "another repository first, the own one later"),
        (built(2, "2", commit("2", "a"), actions=[checkout("1"), checkout("2", "new")]), "a repository never seen"),
        (built(2, "2", commit("2", "a"), actions=[checkout("1"), checkout("2", branch="x")]), "a branch never built"),
        (built(2, "2", commit("1", "a")), "the commit that was checked out is not listed"),
        (built(2, "2", commit("2", "a"), commit("1")), "a commit that names no paths"),
        (built(2, "2", commit("2", "a") | {"affectedPaths": None}), "a source that has no paths"),
    ],
)
def test_paths_are_known_only_when_every_checkout_is_explained(last: Raw, why: str) -> None:
    """Each commit that is checked out now was there before, or stands in a list with what it changed."""
    assert read(built(1, "1", approved=True), last).paths is None, why


def test_a_checkout_that_is_still_to_come_is_missed_beside_another() -> None:
    """The side repository first, the own one after the gate."""
    base = built(1, "1", approved=True)
    base["actions"].append(checkout("1", "side"))
    assert read(base, built(2, "1", actions=[checkout("1"), checkout("1", "side")])).paths == ()
    assert read(base, built(2, "1", actions=[checkout("1", "side")])).paths is None


def test_builds_without_any_checkout_tell_nothing() -> None:
    """Their Jenkinsfile may come from a repository that Jenkins does not name."""
    assert read(built(1, "1", approved=True, actions=[APPROVED]), built(2, "1", actions=[])).paths is None


def test_a_branch_job_that_has_not_checked_out_its_branch_has_unknown_paths() -> None:
    """Its Jenkinsfile comes from a repository of which nothing was told."""
    builds = built(1, "1", approved=True), built(2, "2", commit("2", "a"))
    assert read(*builds, own="main").paths == ("a",)
    assert read(*builds, own="release").paths is None


@pytest.mark.parametrize(
    "listed",
    [
        [commit("2", *(f"f{n}" for n in range(changes.PATHS))), commit("2", "another")],
        [commit("2", "a" * (changes.PATH + 1))],
        [commit("2", *(f"{n:01000}" for n in range(200)))],
        [commit("2", "a")] * changes.COMMITS,
        [commit("2", "a", email=f"{n}@example.com") for n in range(changes.AUTHORS + 1)],
    ],
    ids=["paths", "one path", "characters", "commits", "authors"],
)
def test_more_than_is_kept_is_unknown(listed: list[Raw]) -> None:
    """A hostile change set costs its policy's mercy, not our memory; Jenkins itself stops at so many commits."""
    found = read(built(1, "1", approved=True), built(2, "2", *listed))
    assert (found.paths, len(found.authors) <= changes.AUTHORS) == (None, True)


def test_a_change_set_too_many_is_unknown() -> None:
    """The range of the request may have cut the list."""
    sets = [{"items": [commit("2", "a")]}] * changes.SETS
    assert read(built(1, "1", approved=True), built(2, "2", changeSets=sets)).paths is None
    assert read(built(1, "1", approved=True), built(2, "2", changeSets=sets[1:])).paths == ("a",)


LIBRARY = {"_class": exported.LIBRARIES, "libraries": [{"name": "jenkins-mfa", "version": "v1", "trusted": True}]}


def with_library(last: Raw, *listed: Raw, at: str = "9", repository: str = "library") -> Raw:
    """The same build, which also loaded a library from its branch v1."""
    actions = [*last["actions"], LIBRARY, checkout(at, repository, "v1")]
    return last | {"actions": actions, "changeSets": [*last["changeSets"], {"items": list(listed)}]}


def test_what_changed_in_a_trusted_library_is_not_the_builds_change() -> None:
    """Its commits stand in the same record, one list for each checkout."""
    last = with_library(built(2, "2", commit("2", "a")), commit("9", "vars/x.groovy", author="lib"))
    assert read(built(1, "1", approved=True), last) == Changes(1, (Author("ana"),), ("a",), "1")


def test_the_builds_own_commits_do_not_hide_behind_a_library() -> None:
    """A Jenkinsfile that checks its own repository out once more, at a branch named as the library's version."""
    own = built(2, "2", commit("3", "infra/a"), commit("2", "b"))
    for repository in ("own", "own.git"):
        last = with_library(own, commit("3", "infra/a"), at="3", repository=repository)
        last["changeSets"].pop()
        found = read(built(1, "1", approved=True), last)
        assert found.commits == 2
        assert found.paths != ("b",)
    last = with_library(built(2, "2", commit("2", "b")), commit("3", "infra/a"), at="3", repository="own")
    assert read(built(1, "1", approved=True), last).commits == 2


def test_an_untrusted_library_hides_nothing() -> None:
    """It is the Jenkinsfile's own choice."""
    last = json.loads(json.dumps(with_library(built(2, "2"), commit("9", "x"))).replace("true}", "false}"))
    assert read(built(1, "1", approved=True), last).commits == 1


def test_authors_are_people_where_the_roster_knows_their_address() -> None:
    """By address in any case; several addresses of one id are several authors."""
    listed = [commit("3", "a", author="b", email="Bob@Example.com"), commit("2", "a", author="b", email="b@x.org")]
    found = read(built(1, "1", approved=True), built(2, "2", *listed))
    assert found.authors == (Author("b", "Bob@Example.com", "bob"), Author("b", "b@x.org"))


def test_a_commit_without_an_author_has_an_unknown_one() -> None:
    """Nobody must look like no commit."""
    found = read(built(1, "1", approved=True), built(2, "2", commit("2", "a") | {"author": None}))
    assert (found.commits, found.authors) == (1, (Author(""),))


def test_control_characters_of_a_path_are_kept() -> None:
    """What shows it writes them visibly; a glob must meet the path as it is."""
    found = read(built(1, "1", approved=True), built(2, "2", commit("2", "a\u202eb", '"c\\nd\\377\\\\"', '"')))
    assert found.paths == ('"', "a\u202eb", "c\nd\\xff\\")


JSON = st.recursive(
    st.none() | st.integers(-2, 5) | st.text(max_size=5) | st.sampled_from(["2" * 40, '"\\3', '"\\301\\"']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)
BASE, LAST = built(1, "1", approved=True), with_library(built(2, "2", commit("2", "a")), commit("9", "b"))


def _places(value: Any) -> list[Callable[[Any], None]]:
    """A setter for each value inside."""
    if isinstance(value, dict):
        keys: list[Any] = list(value)
    else:
        keys = list(range(len(value))) if isinstance(value, list) else []
    found: list[Callable[[Any], None]] = [lambda new, key=key: value.__setitem__(key, new) for key in keys]  # type: ignore[misc]
    return [*found, *(place for key in keys for place in _places(value[key]))]


@given(st.data(), JSON)
def test_a_history_with_one_value_replaced_is_read_or_refused(data: st.DataObject, junk: Any) -> None:
    """Almost right is the hardest junk: our error, or changes whose paths were all listed."""
    raw: list[Raw] = json.loads(json.dumps([BASE, LAST]))
    places = [place for one in raw for place in _places(one)]
    data.draw(st.sampled_from(places))(junk)
    builds = []
    try:
        builds = [exported.decode(json.dumps(one).encode(), Build) for one in raw]
        found = changes.read(builds[1:], builds[0] if records.let_go_on(builds[0], US) else None, "", wrote)
    except UntrustedInputError:
        return
    listed = {path for s in builds[1].changeSets or () for c in s.items or () for path in c.affectedPaths or ()}
    assert found.paths is None or len(found.paths) <= len(listed)


@given(st.text(max_size=30))
def test_any_path_is_the_same_after_gits_quoting(path: str) -> None:
    """C strings, as git writes them with core.quotePath."""
    text = "".join(
        f"\\{byte:03o}" if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte) for byte in path.encode()
    )
    assert read(built(1, "1", approved=True), built(2, "2", commit("2", f'"{text}"'))).paths == (path,)
