"""The limits of Block Kit: each at its last allowed value and one past it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_app import buttons, form, words

from jenkins_mfa.simulators.slack_rules import block_problems, compact_bytes, view_problems
from jenkins_mfa.simulators.slack_text import plain_blocks, plain_text

Blocks = list[dict[str, Any]]


def button(**more: Any) -> Blocks:
    return [{"type": "actions", "elements": [{"type": "button", "action_id": "a", "text": words("x")} | more]}]


def section(**more: Any) -> Blocks:
    return [{"type": "section"} | more]


def rich(*inline: dict[str, Any], kind: str = "rich_text_section") -> Blocks:
    return [{"type": "rich_text", "elements": [{"type": kind, "elements": list(inline)}]}]


def field(**more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "a"} | more
    return form(blocks=[{"type": "input", "label": words("x"), "element": element}])


def dialog(**more: Any) -> dict[str, Any]:
    usual = {"title": words("x"), "text": words("x"), "confirm": words("x"), "deny": words("x")}
    return usual | more


def many(count: int) -> list[dict[str, Any]]:
    return [{"type": "button", "action_id": str(n), "text": words("x")} for n in range(count)]


def date(pattern: str) -> dict[str, Any]:
    return {"type": "date", "timestamp": 1, "format": pattern, "fallback": "then"}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def option(n: int) -> dict[str, Any]:
    return {"text": words("x"), "value": str(n)}


BLOCK_LIMITS = {
    "50 blocks": ([{"type": "divider"}] * 50, [{"type": "divider"}] * 51),
    "header 150": ([{"type": "header", "text": words("x" * 150)}], [{"type": "header", "text": words("x" * 151)}]),
    "header counts & as 5": (
        [{"type": "header", "text": words("&" * 30)}],
        [{"type": "header", "text": words("&" * 31)}],
    ),
    "header is plain": ([{"type": "header", "text": words("x")}], [{"type": "header", "text": mrkdwn("x")}]),
    "section 3000": (section(text=words("x" * 3000)), section(text=words("x" * 3001))),
    "section field 2000": (section(fields=[words("x" * 2000)]), section(fields=[words("x" * 2001)])),
    "section 10 fields": (section(fields=[words("x")] * 10), section(fields=[words("x")] * 11)),
    "section has something": (section(text=words("x")), section()),
    "text not empty": (section(text=words("x")), section(text=words(""))),
    "context 10": (
        [{"type": "context", "elements": [mrkdwn("x")] * 10}],
        [{"type": "context", "elements": [mrkdwn("x")] * 11}],
    ),
    "context text 3000": (
        [{"type": "context", "elements": [mrkdwn("x" * 3000)]}],
        [{"type": "context", "elements": [mrkdwn("x" * 3001)]}],
    ),
    "actions 25": ([{"type": "actions", "elements": many(25)}], [{"type": "actions", "elements": many(26)}]),
    "button text 75": (button(text=words("x" * 75)), button(text=words("x" * 76))),
    "button is plain": (button(text=words("x")), button(text=mrkdwn("x"))),
    "button value 2000": (button(value="x" * 2000), button(value="x" * 2001)),
    "button action_id 255": (button(action_id="x" * 255), button(action_id="x" * 256)),
    "button label 75": (button(accessibility_label="x" * 75), button(accessibility_label="x" * 76)),
    "button style": (button(style="danger"), button(style="green")),
    "confirm title 100": (
        button(confirm=dialog(title=words("x" * 100))),
        button(confirm=dialog(title=words("x" * 101))),
    ),
    "confirm text 300": (
        button(confirm=dialog(text=words("x" * 300))),
        button(confirm=dialog(text=words("x" * 301))),
    ),
    "confirm buttons 30": (
        button(confirm=dialog(deny=words("x" * 30))),
        button(confirm=dialog(deny=words("x" * 31))),
    ),
    "confirm is whole": (button(confirm=dialog()), button(confirm={"title": words("x")})),
    "block_id 255": ([{"type": "divider", "block_id": "x" * 255}], [{"type": "divider", "block_id": "x" * 256}]),
    "block_id unique": (
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "b"}],
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
    ),
    "action_id unique in its block": (
        [*button(), *button()],
        [{"type": "actions", "elements": [many(1)[0], many(1)[0]]}],
    ),
    "known block": ([{"type": "divider"}], [{"type": "video"}]),
    "known element": (button(), button(type="password")),
    "known key": ([{"type": "divider"}], [{"type": "divider", "colour": "red"}]),
    "emoji is for plain_text": (section(text=mrkdwn("x")), section(text=mrkdwn("x") | {"emoji": False})),
    "rich text not empty": (rich({"type": "text", "text": "x"}), rich({"type": "text", "text": ""})),
    "rich text known": (rich({"type": "user", "user_id": "U1"}), rich({"type": "mention", "user_id": "U1"})),
    "rich style known": (
        rich({"type": "text", "text": "x", "style": {"code": True}}),
        rich({"type": "text", "text": "x", "style": {"loud": True}}),
    ),
    "preformatted holds text only": (
        rich({"type": "text", "text": "x"}, kind="rich_text_preformatted"),
        rich({"type": "user", "user_id": "U1"}, kind="rich_text_preformatted"),
    ),
    "date tokens": (rich(date("{date_short_pretty} at {time}")), rich(date("{date_shortest}"))),
    "date has a token": (rich(date("{date}")), rich(date("today"))),
}


@pytest.mark.parametrize(("fits", "over"), BLOCK_LIMITS.values(), ids=BLOCK_LIMITS.keys())
def test_limits_of_messages(fits: Blocks, over: Blocks) -> None:
    """Each limit of a message's blocks takes its last value and refuses the next."""
    assert block_problems(fits) == []
    assert block_problems(over)


VIEW_LIMITS = {
    "title 24": (form(title=words("x" * 24)), form(title=words("x" * 25))),
    "submit 24": (form(submit=words("x" * 24)), form(submit=words("x" * 25))),
    "close 24": (form(close=words("x" * 24)), form(close=words("x" * 25))),
    "100 blocks": (form(blocks=[{"type": "divider"}] * 100), form(blocks=[{"type": "divider"}] * 101)),
    "private_metadata 3000": (form(private_metadata="x" * 3000), form(private_metadata="x" * 3001)),
    "callback_id 255": (form(callback_id="x" * 255), form(callback_id="x" * 256)),
    "modal": (form(), form(type="page")),
    "title given": (form(), {key: value for key, value in form().items() if key != "title"}),
    "submit with inputs": (form(), {key: value for key, value in form().items() if key != "submit"}),
    "known key": (form(notify_on_close=True), form(colour="red")),
    "min_length 3000": (field(min_length=3000), field(min_length=3001)),
    "max_length 3000": (field(max_length=3000), field(max_length=3001)),
    "max_length 1": (field(max_length=1), field(max_length=0)),
    "min below max": (field(min_length=6, max_length=6), field(min_length=7, max_length=6)),
    "placeholder 150": (field(placeholder=words("x" * 150)), field(placeholder=words("x" * 151))),
    "one focus": (
        form(blocks=[*field(focus_on_load=True)["blocks"], *field()["blocks"]]),
        form(blocks=field(focus_on_load=True)["blocks"] * 2),
    ),
    "10 options": (
        field(type="checkboxes", options=[option(n) for n in range(10)]),
        field(type="checkboxes", options=[option(n) for n in range(11)]),
    ),
    "no masked input": (field(), field(type="password")),
}


@pytest.mark.parametrize(("fits", "over"), VIEW_LIMITS.values(), ids=VIEW_LIMITS.keys())
def test_limits_of_modals(fits: dict[str, Any], over: dict[str, Any]) -> None:
    """Each limit of a modal takes its last value and refuses the next."""
    assert view_problems(fits) == []
    assert view_problems(over)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "element", "accessory", "block_id", "action_id", "blocks"]),
            inner | st.sampled_from(["section", "actions", "button", "input", "rich_text", "plain_text"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_gets_an_answer(value: Any) -> None:
    """Whatever an app sends, the rules answer with problems and never break."""
    assert view_problems(value)
    assert isinstance(block_problems([value]), list)


def test_layouts_of_the_surfaces_pass() -> None:
    """The recorded layouts of the ask, its outcome and the modals are taken whole."""
    layouts = json.loads((Path(__file__).parent / "slack_layouts.json").read_text("utf-8"))
    for message in layouts["messages"]:
        assert block_problems(message["blocks"]) == []
        assert compact_bytes(message["blocks"]) <= 12_000
        assert len(message["text"].encode()) <= 3_900
    for view in layouts["views"]:
        assert view_problems(view) == []


def test_plain_text_of_blocks() -> None:
    """Blocks flatten to the words that a person reads, one line for each."""
    blocks = [
        *rich({"type": "text", "text": "Until "}, date("{time}"), {"type": "link", "url": "https://x", "text": " #1"}),
        *rich({"type": "text", "text": "why\nnot"}, kind="rich_text_quote"),
        *rich({"type": "user", "user_id": "U1"}, {"type": "broadcast", "range": "here"}),
        {"type": "context", "elements": [mrkdwn("a &lt; b")]},
        section(text=words("left"), fields=[words("right")])[0],
        *buttons(),
    ]
    assert plain_blocks(blocks) == "Until then #1\n> why\n> not\n@U1@here\na < b\nleft\nright\nDeploy\n[Approve]"
    assert plain_text("until <!date^1^{time}|16:20 UTC> &amp; later") == "until 16:20 UTC & later"
