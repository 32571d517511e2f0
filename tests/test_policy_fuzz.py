"""Whatever stands in a policy, a report or a policy comes out, and no error of another kind."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy_texts import problems


def toml(value: Any) -> str:
    """A value in TOML, inline."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return value if isinstance(value, str) else json.dumps(value)


WORDS = re.findall(
    r"\w+",
    "version name when require rules environments resources exemptions default calendars variables watch factor count "
    "approvers confirm mode always any all not pipeline pipelines branch environment tags trigger inside outside rate "
    "more_than within_minutes claims action details parameters requesters only_requesters first_run replayed until "
    "reason zone weekdays hours holidays openings freezes start end paths ttl_seconds channel break_glass quiet_hours "
    "enrol_delay second_admin key_models unknown_requesters at_first escalate_to escalate_after remind_after supersede "
    "review_by plain_input",
)
texts = st.one_of(
    st.sampled_from(
        ["none", "production", "office", "group:release", "alice", "totp", "*", "a[b", "", "Europe/Berlin"]
    ),
    st.text(max_size=6),
)
scalars = st.one_of(
    texts.map(json.dumps),
    st.integers(-2, 100_000),
    st.booleans(),
    st.sampled_from(["nan", "inf", "1979-05-27", "07:32:00", "2030-01-01T00:00:00Z", "0001-01-01T00:00:00", "1e400"]),
    st.sampled_from([str(2**63), "9999-12-31T23:59:59-23:59"]),
)
keys = st.one_of(st.sampled_from(sorted(WORDS)), st.text(max_size=4))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)


def surrogates(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


@settings(max_examples=400)
@given(st.dictionaries(st.sampled_from(sorted(WORDS)), values, max_size=8))
@example({"rules": [{"when": {"claims": {"details": {"": '"x"'}}}}]})
@example({"exemptions": [{"until": "9999-12-31T23:59:59-23:59"}]})
def test_whatever_stands_in_a_policy_comes_out_as_a_report(data: dict[str, Any]) -> None:
    """Values of every kind where another was meant: ConfigError or problems, nothing else."""
    text = "".join(f"{key} = {toml(value)}\n" for key, value in data.items())
    if surrogates(text):
        return
    assert problems(text), text


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_one_spoilt_value_is_a_report_or_a_policy(data: st.DataObject) -> None:
    """The example with one value replaced: still a policy, or problems that name a line."""
    lines = (Path(__file__).parent.parent / "policy.example.toml").read_text().splitlines()
    at = data.draw(st.sampled_from([n for n, line in enumerate(lines) if " = " in line and not line.startswith("#")]))
    key = lines[at].partition(" = ")[0]
    spoilt = [*lines[:at], f"{key} = {toml(data.draw(values))}", *lines[at + 1 :]]
    if surrogates(spoilt[at]):
        return
    for problem in problems("\n".join(spoilt)):
        assert problem.isprintable()
