"""The JSON Schema of policy.toml and its parser: whatever one refuses for its form, the other refuses, too."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from jenkins_mfa.demo.files import POLICY as DEMO
from jenkins_mfa.policy_file import read_policy
from test_policy_test_command import POLICY as TESTED
from toml_text import dump

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((files("jenkins_mfa.data") / "policy.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)

EXAMPLE = (ROOT / "policy.example.toml").read_text()
#: Keys that the example cannot show beside its own.
MORE = """
version = 1
quiet_hours = "night"
[calendars.night]
zone = "UTC"
hours = ["20:00-07:00"]
openings = ["2026-12-24 22:00-2026-12-25 02:00"]
[[calendars.night.freezes]]
name = "june"
start = 2026-06-01T00:00:00+02:00
end = "2026-07-01 00:00"
reason = "Away."
[slack_groups]
release = "S0123ABCD"
[[environments]]
name = "production"
pipelines = "*/deploy"
tags = ["pci"]
[[rules]]
name = "every-question"
require = [{ factor = "webauthn", count = 2, approvers = ["alice", "bob"] }]
[rules.when]
source = "main"
pipeline = ["a/*", "b/[xyz]"]
branch = "main"
environment = "production"
tags = "pci"
trigger = ["person", "s*"]
only_triggers = "person"
requesters = ["dan"]
only_requesters = ["group:developers"]
unknown_requester = true
replayed = false
commit_authors = ["dan"]
only_commit_authors = ["dan"]
changed_paths = "src/*"
only_paths = ["src/*", "docs/*"]
parameters = { VERSION = "1.*", FORCE = ["yes", "true"] }
changed_parameters = "VERSION"
changed_variables = ["DB_*"]
first_run = "branch"
inside = "night"
outside = "night"
rate = { more_than = 3, within_minutes = 60 }
upstream = "build"
library = "jenkins-mfa@*"
plain_input = "Deploy"
claims = { environment = "prod*", action = "deploy", subject = "x", details = { a = "b" }, variables = { c = ["d"] } }
any = [{ pipeline = "a" }, { not = { branch = "b" } }]
all = [{ pipeline = "a" }]
[rules.when.not]
source = "other"
[default]
confirm = "none"
"""
WRITTEN = {"example": EXAMPLE, "demo": DEMO, "test": TESTED, "every question": MORE}
POLICIES = {name: tomllib.loads(text) for name, text in WRITTEN.items()}

Path_ = tuple[str | int, ...]


def refused_by_schema(document: dict[str, Any]) -> list[str]:
    """What an editor would mark; moments stand as texts there."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(_plain(document))]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def refused_by_parser(folder: Path, document: dict[str, Any]) -> list[str]:
    """What the parser finds where names of people and sources are not looked up."""
    path = folder / "policy.toml"
    path.write_text(dump(document))
    return read_policy(path, None, {""}, 86400)[1]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_right_policy_is_right_for_both(tmp_path: Path, name: str) -> None:
    """Examples, demo and tests: neither finds anything."""
    assert refused_by_schema(POLICIES[name]) == []
    assert refused_by_parser(tmp_path, POLICIES[name]) == []


def test_the_schema_is_one_and_its_copy_in_the_docs_is_the_same() -> None:
    """It keeps to the draft that it names; what people link to is what the package ships."""
    Draft202012Validator.check_schema(SCHEMA)
    shipped = (files("jenkins_mfa.data") / "policy.schema.json").read_text()
    assert (ROOT / "docs" / "policy.schema.json").read_text() == shipped
    assert EXAMPLE.startswith("#:schema ./docs/policy.schema.json\n")


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Every place in a document, the document itself included."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*at, key))


def at_place(document: Any, path: Path_) -> Any:
    """The value there."""
    for key in path:
        document = document[key]
    return document


PLACES = [(name, path) for name, document in sorted(POLICIES.items()) for path in places(document)]
TABLES = [(n, p) for n, p in PLACES if isinstance(at_place(POLICIES[n], p), dict) and "calendars" not in p[-1:]]
OPEN = {"parameters", "details", "variables"}  #: tables whose keys are the user's own, in `when`
LEAVES = [(n, p) for n, p in PLACES if p]
NUMBERS = [(n, p) for n, p in PLACES if type(at_place(POLICIES[n], p)) is int]
KEYS = [(n, p) for n, p in LEAVES if isinstance(p[-1], str)]
OTHERS: list[Any] = [7, True, 1.5, "", "no such word\n", [7], [], {}, [{}], {"zz": 1}]


def changed(name: str, path: Path_, value: Any) -> dict[str, Any]:
    """The policy with another value at a place."""
    document = deepcopy(POLICIES[name])
    at_place(document, path[:-1])[path[-1]] = value
    return document


QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def agree(folder: Path, document: dict[str, Any]) -> None:
    """Both refuse, or neither does."""
    schema, parser = refused_by_schema(document), refused_by_parser(folder, document)
    assert bool(schema) == bool(parser), f"schema: {schema}\nparser: {parser}\n{dump(document)}"


@QUICK
@given(place=st.sampled_from([(n, p) for n, p in TABLES if not OPEN & {*p[-1:]} or len(p) == 1]))
def test_a_key_that_nobody_knows_is_refused_by_both(tmp_path: Path, place: tuple[str, Path_]) -> None:
    """In every table whose keys are not the user's own."""
    name, path = place
    document = deepcopy(POLICIES[name])
    at_place(document, path)["zzqq"] = 1
    assert refused_by_schema(document)
    assert refused_by_parser(tmp_path, document)


@QUICK
@given(place=st.sampled_from(LEAVES), value=st.sampled_from(OTHERS))
def test_what_the_schema_refuses_the_parser_refuses(tmp_path: Path, place: tuple[str, Path_], value: Any) -> None:
    """Whatever stands at any place: an editor never marks what the agent takes."""
    document = changed(*place, value)
    if refused_by_schema(document):
        assert refused_by_parser(tmp_path, document), dump(document)


@QUICK
@given(place=st.sampled_from(LEAVES), value=st.sampled_from([7, True, 1.5, [7], [[]], {"zz": 1}]))
def test_a_wrong_type_is_refused_by_both(tmp_path: Path, place: tuple[str, Path_], value: Any) -> None:
    """A number, a flag, a list or a table in place of another kind of value: an editor marks what the agent refuses."""
    name, path = place
    if type(at_place(POLICIES[name], path)) is not type(value):
        agree(tmp_path, changed(name, path, value))


@QUICK
@given(place=st.sampled_from(NUMBERS), value=st.sampled_from([-1, 0, 10**9]))
def test_a_number_out_of_range_is_refused_by_both(tmp_path: Path, place: tuple[str, Path_], value: int) -> None:
    """Negative counts, counts of 0, a billion seconds."""
    agree(tmp_path, changed(*place, value))


@QUICK
@given(place=st.sampled_from(KEYS))
def test_a_key_that_is_needed_is_missed_by_both(tmp_path: Path, place: tuple[str, Path_]) -> None:
    """What is taken out and missed by one is missed by the other; what only follows from it, by the parser alone."""
    name, path = place
    document = deepcopy(POLICIES[name])
    del at_place(document, path[:-1])[path[-1]]
    parser = refused_by_parser(tmp_path, document)
    if refused_by_schema(document):
        assert parser, dump(document)
    if any(f"{path[-1]} is missing; allowed:" in problem for problem in parser):
        assert refused_by_schema(document), parser
