"""What is told of each question that may not let a gate pass, and how a policy writes it."""

from __future__ import annotations

import pytest

from jenkins_mfa.core.policy import Globs, Predicate
from jenkins_mfa.core.policy.loosening import brought_about, faults
from jenkins_mfa.core.policy.predicates import All, Flag, Not, Pair, People, Rate, Texts

ONE = Globs(("x",))
ADDED = "holds as soon as one thing is added, so it may not let pass"
BRANCH = "a Pipeline chooses what it checks out; select by pipeline, which names the branch of a branch job"
AUTHOR = "anybody can write any address into a commit; ask for requesters"
CLAIM = "asks about a claim; what lets a gate pass may rest on facts alone"

TABLE: list[tuple[Predicate, list[str], tuple[str, ...]]] = [
    (Texts("pipeline", ONE), [], ()),
    (Texts("branch", ONE), [f"branch may not let pass: {BRANCH}"], ("branch",)),
    (People("commit_author", ("a",)), [f"commit_author may not let pass: {AUTHOR}"], ("commit_author",)),
    (
        People("commit_author", ("a",), every=True),
        [f"commit_author may not let pass: {AUTHOR}"],
        ("only_commit_authors",),
    ),
    (Texts("tags", ONE), [f"tags {ADDED}; only its opposite may"], ("tags",)),
    (Texts("trigger", ONE), [f"trigger {ADDED}; use only_triggers"], ("trigger",)),
    (Texts("changed_paths", ONE), [f"changed_paths {ADDED}; use only_paths"], ("changed_paths",)),
    (People("requester", ("a",)), [f"requester {ADDED}; use only_requesters"], ("requester",)),
    (Not(Texts("trigger", ONE, every=True)), [f"only_ for trigger under not {ADDED}"], ("only_triggers",)),
    (Not(Texts("changed_paths", ONE, every=True)), [f"only_ for changed_paths under not {ADDED}"], ("only_paths",)),
    (Not(People("requester", ("a",), every=True)), [f"only_ for requester under not {ADDED}"], ("only_requesters",)),
    (
        Not(Pair("parameters", "A", ONE)),
        ["parameters under not also holds for a build without A, so it may not let pass"],
        ("parameters.A",),
    ),
    (Pair("parameters", "A", ONE), [], ()),
    (Flag("replayed", wanted=True), [f"replayed {ADDED}; only its opposite may"], ("replayed",)),
    (Not(Flag("replayed", wanted=False)), [f"replayed {ADDED}; only its opposite may"], ("replayed",)),
    (Flag("first_run", wanted=False), [], ()),
    (Texts("claims.action", ONE), [CLAIM], ()),
    (
        Not(Pair("claims.details", "A", ONE)),
        [CLAIM, "claims.details under not also holds for a build without A, so it may not let pass"],
        (),
    ),
    (
        All((Texts("tags", ONE), Rate(1, 60), Texts("tags", Globs(("y",))))),
        [f"{key} {ADDED}; only its opposite may" for key in ("tags", "rate", "tags")],
        ("tags", "rate"),
    ),
]


@pytest.mark.parametrize(("asked", "sentences", "written"), TABLE, ids=[str(n) for n in range(len(TABLE))])
def test_what_is_told(asked: Predicate, sentences: list[str], written: tuple[str, ...]) -> None:
    """A sentence for each question; each name once, and none of a claim."""
    assert list(faults(asked)) == sentences
    assert brought_about(asked) == written
