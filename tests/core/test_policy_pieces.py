"""Small pieces of the policy core by themselves: patterns, groups, looks, defaults, and what satisfies at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NOW, ROSTER, claims, clause, environment, facts, policy, requirement
from jenkins_mfa.core import quorum
from jenkins_mfa.core.calendars import Calendar
from jenkins_mfa.core.model import Clause, Confirmation, Factor, History
from jenkins_mfa.core.policy import Absence, Environment, Globs, Policy, Resource, Roster, Rule
from jenkins_mfa.core.policy.globs import problem
from jenkins_mfa.core.policy.looks import by_facts, with_claims
from jenkins_mfa.core.policy.people import groups_of
from jenkins_mfa.core.policy.predicates import All, People, Texts
from jenkins_mfa.core.policy.scene import Scene


def test_patterns_are_shown_as_they_were_written() -> None:
    """To people with commas; where something goes wrong, without what they were compiled to."""
    assert str(Globs(("a*", "b"))) == "a*, b"
    assert repr(Globs(("a*", "b"))) == "Globs(patterns=('a*', 'b'))"


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("", "is empty"),
        ("a[b", "has a [ that is never closed"),
        ("[a]x[", "has a [ that is never closed"),
        ("[]", "has a [ that is never closed"),
        ("[!]x", "has a [ that is never closed"),
        ("[a]", ""),
        ("[]a]", ""),
        ("[!]a]x", ""),
        ("a]", ""),
        ("a" * 1_001, "is longer than 1000 characters"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_told(pattern: str, wrong: str) -> None:
    """A bracket right behind the first stands for itself."""
    assert problem(pattern) == wrong


def test_groups_are_told_by_their_prefix() -> None:
    """The first colon ends it; names of people have none."""
    assert groups_of(("group:a", "bob", "group:b:c", "ops:group:")) == {"a", "b:c"}
    people = {"zoe": replace(ROSTER.people["alice"], id="zoe", groups=("a:b",))}
    assert Roster(people).named(("group:a:b",)) == {"zoe"}


def test_members_of_groups_kept_outside_are_found_by_their_accounts() -> None:
    """At that messenger only, and in place of whoever the roster has there; whoever has no account there is in none."""
    mute = {"zoe": replace(ROSTER.people["alice"], id="zoe", identities={"ci:main": "UBOB"})}
    held = Roster(ROSTER.people | mute).holding({"release": frozenset({"UEVE", "UBOB", "UNOBODY"})}, "chat:T1")
    assert held.members("release") == ("bob", "eve")
    assert held.members("security") == ("carol",)


@pytest.mark.parametrize("missing", ["", "None", "XXXX"])
def test_an_account_that_nobody_has_brings_nobody_into_a_group(missing: str) -> None:
    """Whatever a messenger lists as a member: whoever has no account there is not it."""
    held = Roster(ROSTER.people).holding({"release": frozenset({missing})}, "chat:other")
    assert held.members("release") == ()


def test_people_are_found_by_their_account_at_one_place() -> None:
    """Exactly; the same account elsewhere is somebody else's, and an account without a subject is nobody's."""
    assert ROSTER.find("chat:T1", "UBOB") is ROSTER.people["bob"]
    assert ROSTER.find("ci:main", "bob") is ROSTER.people["bob"]
    for issuer, subject in (("ci:main", "UBOB"), ("chat:T1", "ubob"), ("chat:T2", "UBOB"), ("chat:T1", "")):
        assert ROSTER.find(issuer, subject) is None
    assert ROSTER.find("nowhere", None) is None


def test_whoever_has_left_the_roster_is_shown_by_their_id() -> None:
    """Records outlive people."""
    assert [ROSTER.name(person) for person in ("bob", "zoe")] == ["Bob", "zoe"]


def test_for_whom_a_substitute_answers() -> None:
    """For nobody where they are asked themselves, by name or by a group."""
    people = {**ROSTER.people, "alice": replace(ROSTER.people["alice"], absence=Absence(NOW, NOW + 1, "dan"))}
    roster = Roster(people)
    assert roster.stands_in("dan", ("alice", "bob", "group:security"), NOW) == {"alice"}
    assert roster.stands_in("dan", ("alice", "dan"), NOW) == frozenset()
    assert roster.stands_in("dan", ("alice", "group:developers"), NOW) == frozenset()
    assert roster.stands_in("dan", ("alice",), NOW + 1) == frozenset()


LIVE, TEST = environment("live", "team*", tags=("pci",)), environment("test", "x", tags=("free",))


def looked(*resources: Resource, **said: object) -> Scene:
    """With claims, by a policy that declares the first of two environments for the pipeline."""
    found = policy(environments=(LIVE, TEST), resources=resources)
    return with_claims(found, by_facts(found, ROSTER, facts(paths=()), History(NOW)), claims(**said))


def test_a_claimed_environment_brings_its_own_tags() -> None:
    """On top of those that the pipeline has; none for one that the policy does not know, or for silence."""
    for claimed, names, tags in (
        ("test", ("live", "test"), {"pci", "free"}),
        ("other", ("live", "other"), {"pci"}),
        ("", ("live",), {"pci"}),
    ):
        found = looked(environment=claimed)
        assert (found.environments, found.tags) == (names, tags)


def test_claimed_resources_stand_between_commas() -> None:
    """Their names may have spaces; no claim is no resource."""
    everything, spaced = Resource(Globs(("*",)), ("any",)), Resource(Globs(("a b",)), ("spaced",))
    assert looked(everything).tags == {"pci"}
    assert looked(spaced, details=(("resources", " a b , c"),)).tags == {"pci", "spaced"}
    assert looked(spaced, details=(("resources", "a, b"),)).tags == {"pci"}


def test_what_a_question_does_not_say() -> None:
    """One of several is enough, and that is the same question as one that says so."""
    assert Texts("branch", Globs(("x",))) == Texts("branch", Globs(("x",)), every=False)
    assert People("requester", ("bob",)) == People("requester", ("bob",), every=False)


def test_what_a_rule_does_not_say() -> None:
    """A rule that says nothing but its name is asked always, for half an hour, and lets nobody off."""
    assert Rule("x") == Rule(
        name="x",
        require=(),
        when=All(()),
        ttl=1800,
        channel="",
        passes=False,
        always=False,
        observe=False,
        break_glass=False,
        review_by=(),
        assurance="none",
        requesters_may_approve=False,
        authors_may_approve=True,
        remind_after=0,
        escalate_after=0,
        escalate_to=(),
        escalate_channel="",
        supersede=False,
    )
    assert Environment("x", Globs(())) == Environment("x", Globs(()), tags=(), watch=())


def test_what_a_policy_does_not_say() -> None:
    """The stricter of two, where there is a choice."""
    assert Policy((), (), None, "0") == Policy(
        rules=(),
        environments=(),
        default=None,
        sha256="0",
        max_ttl=86400,
        available=(Factor.PUSH, Factor.PUSH_NUMBER, Factor.TOTP),
        resources=(),
        exemptions=(),
        strangers="one-more",
        watch=(),
        changed_at_first=True,
        quiet=None,
        enrol_delay=3600,
        second_admin=False,
        key_models=frozenset(),
        calendars=(),
        outside={},
        administrators=(),
    )


def test_under_broken_glass_only_what_is_marked_always_asks() -> None:
    """The default lets pass, by its own name."""
    rules = (Rule("a", always=True), Rule("b"), Rule("c", always=True, break_glass=True))
    found = policy(*rules, default=Rule("default"), quiet=Calendar("q", None)).under_broken_glass  # type: ignore[arg-type]
    assert (found.rules, found.default) == (rules[:1], Rule("default", passes=True))


def test_without_clauses_only_what_lets_pass_by_name_satisfies() -> None:
    """Whoever answered, and whatever became of the clauses."""
    nothing = replace(requirement(), clauses=())
    assert quorum.satisfied(nothing, ()) is False
    assert quorum.satisfied(replace(nothing, passes_by=("free",)), ()) is True


def test_places_of_the_same_strength_are_counted_together() -> None:
    """Each of two people is asked for one's own clause, whichever of them stands first."""
    two = requirement(clause(1, "alice"), clause(1, "bob"))
    assert [quorum.asked(two, (), person) for person in ("alice", "bob", "carol")] == [Factor.PUSH, Factor.PUSH, None]
    done = (Confirmation("alice", Factor.PUSH, NOW, "", ""),)
    assert [quorum.asked(two, done, person) for person in ("alice", "bob")] == [Factor.PUSH, Factor.PUSH]
    assert quorum.asked_of_all(two, done) == {Factor.PUSH}


def test_a_clause_of_nobody_cannot_be_satisfied() -> None:
    """Nor can no clause at all."""
    assert quorum.satisfiable((), (Factor.PUSH,)) is False
    assert quorum.satisfiable((Clause("x", Factor.PUSH, 1, (), ()),), (Factor.PUSH,)) is False


def test_what_a_look_remembers_is_no_part_of_it() -> None:
    """Two looks at the same are the same, whatever was asked of them."""
    one, other = looked(), looked()
    one.memo["pipeline"] = "seen"
    assert one == other
    assert repr(one) == repr(other)
