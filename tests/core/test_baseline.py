"""What counts as changed: never "unchanged" where something differs, never a secret in what is kept as text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import claims, facts
from jenkins_mfa.core import baseline, seal
from jenkins_mfa.core.model import Baseline, Change, Parameter, Value
from jenkins_mfa.core.secret_names import NAMES, looks_secret

RULES = Path(__file__).parents[2] / "jenkinsfile-library" / "src" / "mfa" / "Rules.groovy"

NAME = st.sampled_from(["DB_HOST", "DB_PORT", "REGION", "API_TOKEN", "SSH_KEY"])
TEXT = st.text(max_size=8) | st.text(min_size=201, max_size=203)
VARIABLES = st.dictionaries(NAME, st.none() | TEXT)  # None: watched by the pipeline, and not set
PARAMETERS = st.dictionaries(NAME, st.none() | TEXT)  # None: a password


def digest(kind: str, name: str, text: str) -> str:
    return seal.mac(b"k" * 32, "value/v1", "main:job", kind, name, text)


def values(variables: dict[str, str | None], parameters: dict[str, str | None] | None = None) -> tuple[Value, ...]:
    sent = tuple((name, text) for name, text in variables.items() if text is not None)
    unset = tuple(name for name, text in variables.items() if text is None)
    given_ = tuple(Parameter(name, text) for name, text in (parameters or {}).items())
    return baseline.values(facts(parameters=given_), claims(variables=sent, unset=unset), digest)


def against(
    now: dict[str, str | None], before: dict[str, str | None] | None, *watched: str, first: bool = True
) -> dict[str, Change]:
    known = None if before is None else Baseline("production", values(before))
    found = baseline.compare(values(now), known, watched, changed_at_first=first)
    return {change.name: change for change in found}


@given(VARIABLES, PARAMETERS, VARIABLES, PARAMETERS)
@settings(deadline=None)
def test_nothing_that_differs_counts_as_unchanged(
    now: dict[str, str | None],
    given_now: dict[str, str | None],
    before: dict[str, str | None],
    given_before: dict[str, str | None],
) -> None:
    """Each name on either side is told once, as changed exactly if it differs; a password is never "unchanged"."""
    known = baseline.kept("production", values(before, given_before))
    found = baseline.compare(values(now, given_now), known, (), changed_at_first=False)
    told = {(change.kind, change.name): change.changed for change in found}
    assert len(told) == len(found)
    missing = object()
    for kind, here, there in (("variable", now, before), ("parameter", given_now, given_before)):
        for name in here.keys() | there.keys():
            same = here.get(name, missing) == there.get(name, missing)
            not_told = kind == "parameter" and here.get(name, missing) is None
            assert told[kind, name] is (None if not_told else not same)


@given(VARIABLES, PARAMETERS)
@settings(deadline=None)
def test_no_secret_and_no_long_text_is_kept(
    variables: dict[str, str | None], parameters: dict[str, str | None]
) -> None:
    """Only a keyed digest stands for them, and only it tells them apart; nothing of it is in a repr or a change."""
    found = values(variables, parameters)
    for value in found:
        assert value.text is None or not (looks_secret(value.name) or len(value.text) > baseline.LONGEST)
        assert not value.digest or value.digest not in repr(value)
    for change in baseline.compare(found, Baseline("e", found), ("X_TOKEN",), changed_at_first=True):
        assert not looks_secret(change.name) or (change.was, change.now, change.hidden) == (None, None, True)


def test_a_digest_belongs_to_its_place() -> None:
    """Equal secrets of two names, or of a variable and a parameter, cannot be seen to be equal."""
    found = values({"A_TOKEN": "s", "B_TOKEN": "s"}, {"A_TOKEN": "s"})
    assert len({value.digest for value in found}) == 3


@pytest.mark.parametrize("first", [True, False])
def test_without_anything_before_the_policy_says_what_counts(first: bool) -> None:
    """But what is watched and was not sent has changed in any case."""
    found = against({"DB_HOST": "a"}, None, "DB_PORT", "DB_*", "AWS_*", first=first)
    assert found["DB_HOST"].changed is first
    assert {name for name, change in found.items() if not change.sent} == {"DB_PORT", "AWS_*"}
    assert all(change.changed for change in found.values() if not change.sent)


def test_a_watched_variable_that_was_not_sent_has_changed() -> None:
    """A name always; a glob stands for what it matched before, and for itself only before the first confirmed gate."""
    found = against({"DB_HOST": "a"}, {"DB_HOST": "a", "DB_PORT": "1"}, "DB_*", "REGION", "AWS_*")
    assert found == {
        "DB_HOST": Change("DB_HOST", "variable", False, "a", "a"),
        "DB_PORT": Change("DB_PORT", "variable", True, "1", None, sent=False),
        "REGION": Change("REGION", "variable", True, None, None, sent=False),
    }


def test_a_variable_that_the_pipeline_does_not_send_any_more_has_changed() -> None:
    """Taking a name out of the pipeline's own list hides nothing, whether the policy watches it or not."""
    assert against({}, {"DB_HOST": "a"})["DB_HOST"].sent is False


def test_what_cannot_be_kept_counts_as_changed_each_time() -> None:
    """A baseline is bounded: a hundred values, names of 200 characters."""
    many: dict[str, str | None] = {f"P{n}": "x" for n in range(101)}
    long: dict[str, str | None] = {"N" * 201: "x"}
    for parameters in (many, long):
        found = values({}, parameters)
        known = baseline.kept("production", found)
        assert len(known.values) <= baseline.MOST
        assert any(c.changed for c in baseline.compare(found, known, (), changed_at_first=False))


def test_what_looks_like_a_secret_leaves_facts_and_claims() -> None:
    """A policy sees it as not known; the name stays."""
    shown = baseline.masked(facts(parameters=(Parameter("A_TOKEN", "s"), Parameter("REGION", "eu"))))
    assert shown.parameters == (Parameter("A_TOKEN", None), Parameter("REGION", "eu"))
    said = baseline.masked_claims(claims(variables=(("A_TOKEN", "s"), ("REGION", "eu"))))
    assert (said.variables, said.hidden) == ((("REGION", "eu"),), ("A_TOKEN",))


def test_only_an_undeclared_pipeline_is_compared_by_what_it_claims() -> None:
    """Where the policy declares environments, another claim leads to the same baseline."""
    claimed = claims(environment="staging")
    assert baseline.environment_of(["production"], claimed) == "production"
    assert baseline.environment_of([], claimed) != baseline.environment_of(["staging"], claimed)


def test_the_library_refuses_the_same_names() -> None:
    """One list on both sides: what the agent hides is what `mfaGate` does not send."""
    (theirs,) = re.findall(r"SECRET = '\(\?i\)\.\*\((.*)\)\.\*'", RULES.read_text())
    assert theirs == NAMES
