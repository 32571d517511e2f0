"""Strategies of policies and of everything that they look at, hostile texts and unknowns included."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from builders import NOW, ROSTER, RUN
from jenkins_mfa.core.calendars import Calendar, Freeze, Opening
from jenkins_mfa.core.model import (
    Author,
    Change,
    Claims,
    Confirmation,
    Factor,
    Facts,
    History,
    Library,
    Parameter,
    Starter,
    Trigger,
)
from jenkins_mfa.core.policy import (
    Absence,
    Demand,
    Environment,
    Exemption,
    Globs,
    Policy,
    Predicate,
    Resource,
    Roster,
    Rule,
    loosening,
)
from jenkins_mfa.core.policy.predicates import All, Any, Flag, Not, Pair, People, Rate, Texts, Window
from jenkins_mfa.core.policy.rules import ALWAYS

HOUR = 3_600_000
AWAY = Roster(
    {**ROSTER.people, "alice": replace(ROSTER.people["alice"], absence=Absence(NOW - HOUR, NOW + HOUR, "eve"))}
)
OFFICE = Calendar("office", ZoneInfo("Europe/Berlin"), frozenset(range(5)), ((540, 1020),))
NIGHT = replace(OFFICE, name="night", hours=((1320, 360),), openings=(Opening(NOW - HOUR, NOW + 1),))
FROZEN = replace(OFFICE, name="frozen", freezes=(Freeze("end", NOW - HOUR, NOW + HOUR, "why"),))

WORDS = ("main", "prod", "docs/a", "prod/x", "team one/deploy", "person", "dev", "[", "a\nb", "\u202e", "x" * 3000, "")
texts = st.sampled_from(WORDS)
globs = st.lists(
    st.sampled_from(["*", "main", "prod*", "docs/?", "[!p]*", "*one*", "dev", "[[]", "a?b", "person", "lib@*"]),
    min_size=1,
    max_size=3,
).map(lambda found: Globs(tuple(found)))
people = st.sampled_from(["alice", "bob", "carol", "dan", "eve"])
approvers = st.lists(
    st.sampled_from(["group:release", "group:security", "group:developers", "alice", "eve", "gone", "slack:release"]),
    min_size=1,
    max_size=2,
    unique=True,
).map(tuple)
factors = st.sampled_from(list(Factor))

FACT_TEXTS = (
    "source",
    "plain_input",
    "pipeline",
    "branch",
    "environment",
    "tags",
    "trigger",
    "upstream",
    "library",
    "changed_paths",
    "changed_parameters",
)
CLAIM_TEXTS = ("changed_variables", "claims.environment", "claims.action", "claims.subject")

fact_leaves: st.SearchStrategy[Predicate] = st.one_of(
    st.builds(Texts, st.sampled_from(FACT_TEXTS), globs),
    st.builds(Texts, st.sampled_from(["trigger", "changed_paths"]), globs, st.just(True)),
    st.builds(People, st.sampled_from(["requester", "commit_author"]), approvers, st.booleans()),
    st.builds(Pair, st.just("parameters"), st.sampled_from(["ENV", "DB"]), globs),
    st.builds(Flag, st.sampled_from(["replayed", "first_run", "first_run_of_branch"]), st.booleans()),
    st.builds(Flag, st.just("unknown_requester"), st.just(True)),
    st.builds(Rate, st.integers(1, 3), st.sampled_from([60, 7200])),
    st.builds(Window, st.sampled_from([OFFICE, NIGHT, FROZEN]), st.booleans()),
)
claim_leaves: st.SearchStrategy[Predicate] = st.one_of(
    st.builds(Texts, st.sampled_from(CLAIM_TEXTS), globs),
    st.builds(Pair, st.sampled_from(["claims.details", "claims.variables"]), st.sampled_from(["ENV", "DB"]), globs),
)


def nested(leaf: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
    """Any, all and not, a few deep."""

    def wider(inner: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
        parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(st.builds(All, parts), st.builds(Any, parts), st.builds(Not, inner))

    return st.recursive(leaf, wider, max_leaves=5)


predicates = st.one_of(nested(fact_leaves), nested(st.one_of(fact_leaves, claim_leaves)), st.just(ALWAYS))
loose = nested(fact_leaves).filter(lambda found: not list(loosening.faults(found)))

demands = st.lists(st.builds(Demand, factors, st.integers(1, 3), approvers), min_size=1, max_size=2).map(tuple)
names = st.sampled_from(["a", "b", "c", "d", "e", "f", "g"])


def asking(**fixed: st.SearchStrategy[object]) -> st.SearchStrategy[Rule]:
    """Rules that ask for people, with any flags."""
    flags = {
        "always": st.booleans(),
        "observe": st.sampled_from([False, False, False, True]),
        "assurance": st.sampled_from(["none", "none", "verified"]),
        "requesters_may_approve": st.booleans(),
        "authors_may_approve": st.booleans(),
        "remind_after": st.sampled_from([0, 60]),
        "supersede": st.booleans(),
        "channel": st.sampled_from(["", "C1", "C2"]),
        "ttl": st.sampled_from([60, 1800]),
    }
    return st.builds(Rule, **({"name": names, "require": demands, "when": predicates} | flags | fixed))


passing = st.builds(Rule, name=names, when=loose, passes=st.just(True), observe=st.booleans())
breaking = asking(break_glass=st.just(True), when=loose)
escalating = asking(
    escalate_after=st.just(30),
    escalate_to=approvers,
    escalate_channel=st.sampled_from(["", "C3"]),
    observe=st.just(False),
)
rules = st.lists(
    st.one_of(asking(), asking(), asking(), passing, breaking, escalating), max_size=5, unique_by=lambda one: one.name
).map(tuple)

environments = st.lists(
    st.builds(
        Environment,
        st.sampled_from(["prod", "dev", "main"]),
        globs,
        st.sampled_from([(), ("prod",), ("main", "dev")]),
    ),
    max_size=2,
    unique_by=lambda one: one.name,
).map(tuple)
resources = st.lists(st.builds(Resource, globs, st.sampled_from([("prod",), ("dev", "main")])), max_size=2).map(tuple)
exemptions = st.lists(
    st.builds(
        Exemption,
        st.sampled_from(["w", "x"]),
        st.sampled_from([Globs(("*",)), Globs(("a", "b"))]),
        loose,
        st.sampled_from([NOW, NOW + 1]),
        st.just("why"),
    ),
    max_size=2,
    unique_by=lambda one: one.name,
).map(tuple)
defaults = st.one_of(
    st.just(Rule("default", passes=True)),
    st.builds(Rule, name=st.just("default"), require=demands),
)


def policies(found: st.SearchStrategy[tuple[Rule, ...]] = rules) -> st.SearchStrategy[Policy]:
    """Whatever the parser lets through."""
    return st.builds(
        Policy,
        rules=found,
        environments=environments,
        default=defaults,
        sha256=st.just("0" * 64),
        resources=resources,
        exemptions=exemptions,
        strangers=st.sampled_from(["one-more", "deny", "same"]),
    )


known_people = st.one_of(st.none(), people)
starters = st.lists(
    st.builds(Starter, st.sampled_from(list(Trigger)), st.one_of(st.none(), texts), known_people), max_size=3
).map(tuple)
facts = st.builds(
    Facts,
    run=st.builds(replace, st.just(RUN), pipeline=st.sampled_from(["team one/deploy", "prod/main", "dev", "[", "x\n"])),
    branch=texts,
    starters=starters,
    authors=st.lists(st.builds(Author, texts, person=known_people), max_size=3).map(tuple),
    paths=st.one_of(st.none(), st.lists(texts, max_size=4).map(tuple)),
    upstream=st.lists(texts, max_size=2).map(tuple),
    parameters=st.lists(
        st.builds(Parameter, st.sampled_from(["ENV", "DB", "\n"]), st.one_of(st.none(), texts)), max_size=3
    ).map(tuple),
    libraries=st.lists(st.builds(Library, st.just("lib"), texts, st.booleans()), max_size=2).map(tuple),
    plain=st.sampled_from(["", "", "main"]),
)
pairs = st.lists(
    st.tuples(st.sampled_from(["ENV", "DB", "resources"]), st.one_of(texts, st.just("prod/x, dev"))), max_size=2
).map(tuple)
claims = st.builds(
    Claims,
    environment=st.sampled_from(["prod", "dev", "main", "zzz"]),
    action=texts,
    message=texts,
    subject_name=texts,
    details=pairs,
    variables=pairs,
    unset=st.sampled_from([(), ("DB",)]),
    factor=st.sampled_from([None, None, *Factor]),
    quorum=st.sampled_from([None, None, 1, 2, 4]),
    ttl=st.sampled_from([None, 10, 86400]),
)
changes = st.builds(
    Change,
    st.sampled_from(["ENV", "main"]),
    st.sampled_from(["parameter", "variable"]),
    st.sampled_from([True, False, None]),
)
histories = st.builds(
    History,
    at=st.just(NOW),
    earlier=st.lists(st.integers(NOW - 2 * HOUR, NOW + 1), max_size=4).map(tuple),
    pipeline_known=st.booleans(),
    branch_known=st.booleans(),
    compared=st.booleans(),
    changes=st.lists(changes, max_size=3).map(tuple),
)
rosters = st.sampled_from([ROSTER, AWAY])
answers = st.dictionaries(people, st.sampled_from([Factor.PUSH, Factor.TOTP])).map(
    lambda found: [Confirmation(person, factor, 0, "", "") for person, factor in found.items()]
)
