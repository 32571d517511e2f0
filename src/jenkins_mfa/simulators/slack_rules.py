"""What Slack takes as Block Kit: every limit, required member and known type, as one table of shapes.

Stricter than Slack in three places, on purpose: all blocks together are at most 12,000 bytes of compact JSON,
a `text` at most 3,900 bytes (Slack names neither limit), and lengths of texts count `&`, `<`, `>` escaped.
Element types that jenkins-mfa has no use for are refused like unknown ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jenkins_mfa.simulators.slack_shapes import Rule, array, boolean, integer, one_of, shape, string, typed

#: All blocks of one message, as compact UTF-8 JSON, in bytes.
MAX_BLOCKS_BYTES = 12_000
#: The `text` of one message, in UTF-8 bytes.
MAX_TEXT_BYTES = 3_900
#: A whole view, as compact UTF-8 JSON, in bytes.
MAX_VIEW_BYTES = 250_000

_DATE_TOKEN = re.compile(
    r"\{(?:date_num|date_slash|date(?:_short|_long)?(?:_pretty)?|day_divider_pretty|time|time_secs|ago)\}"
)


def _date_format(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, str) or not _DATE_TOKEN.search(value):
        yield f"must contain a date token [json-pointer:{at}]"
    elif "{" in _DATE_TOKEN.sub("", value):
        yield f"unknown date token [json-pointer:{at}]"


def _plain(limit: int) -> Rule:
    return typed({"plain_text": shape({"text": string(limit, escaped=True)}, {"emoji": boolean})})


def _words(limit: int) -> Rule:
    text = string(limit, escaped=True)
    return typed(
        {
            "plain_text": shape({"text": text}, {"emoji": boolean}),
            "mrkdwn": shape({"text": text}, {"verbatim": boolean}),
        }
    )


_ID = string(255)
_CONFIRM = shape(
    {"title": _plain(100), "text": _words(300), "confirm": _plain(30), "deny": _plain(30)},
    {"style": one_of("primary", "danger")},
)
_OPTION = shape({"text": _words(75), "value": string(150)}, {"description": _words(75)})
_BUTTON = shape(
    {"text": _plain(75)},
    {
        "action_id": _ID,
        "url": string(3000),
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": _CONFIRM,
        "accessibility_label": string(75),
    },
)
_CHOICE = {"action_id": _ID, "confirm": _CONFIRM, "focus_on_load": boolean}
_CHECKBOXES = shape({"options": array(_OPTION, 1, 10)}, {**_CHOICE, "initial_options": array(_OPTION, 1, 10)})
_RADIO = shape({"options": array(_OPTION, 1, 10)}, {**_CHOICE, "initial_option": _OPTION})
_SELECT = shape({"options": array(_OPTION, 1, 100)}, {**_CHOICE, "initial_option": _OPTION, "placeholder": _plain(150)})
_TEXT_SHAPE = shape(
    {},
    {
        "action_id": _ID,
        "placeholder": _plain(150),
        "initial_value": string(3000, least=0),
        "multiline": boolean,
        "min_length": integer(0, 3000),
        "max_length": integer(1, 3000),
        "focus_on_load": boolean,
        "dispatch_action_config": shape(
            {}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 1, 2)}
        ),
    },
)


def _text_input(value: Any, at: str) -> Iterator[str]:
    yield from _TEXT_SHAPE(value, at)
    low, high = value.get("min_length"), value.get("max_length")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield f"min_length must not be greater than max_length [json-pointer:{at}]"


_CHOICES = {"checkboxes": _CHECKBOXES, "radio_buttons": _RADIO, "static_select": _SELECT}
_IMAGE = {"image_url": string(3000), "alt_text": string(2000)}
_STYLE = shape({}, dict.fromkeys(("bold", "italic", "strike", "underline", "code", "highlight"), boolean))
_ANY_STRING = string(MAX_BLOCKS_BYTES)
_RICH_TEXT = shape({"text": _ANY_STRING}, {"style": _STYLE})
_RICH_LINK = shape({"url": string(3000)}, {"text": string(3000, least=0), "style": _STYLE, "unsafe": boolean})
_INLINE = typed(
    {
        "text": _RICH_TEXT,
        "link": _RICH_LINK,
        "user": shape({"user_id": _ANY_STRING}, {"style": _STYLE}),
        "usergroup": shape({"usergroup_id": _ANY_STRING}, {"style": _STYLE}),
        "channel": shape({"channel_id": _ANY_STRING}, {"style": _STYLE}),
        "emoji": shape({"name": _ANY_STRING}, {"unicode": _ANY_STRING, "style": _STYLE}),
        "date": shape(
            {"timestamp": integer(1, 2**53), "format": _date_format},
            {"fallback": _ANY_STRING, "url": string(3000), "style": _STYLE},
        ),
        "broadcast": shape({"range": one_of("here", "channel", "everyone")}, {"style": _STYLE}),
    }
)
_BORDER = {"border": integer(0, 1)}
_RICH_SECTION = shape({"elements": array(_INLINE, 0, 1000)})
_RICH = typed(
    {
        "rich_text_section": _RICH_SECTION,
        "rich_text_preformatted": shape(
            {"elements": array(typed({"text": _RICH_TEXT, "link": _RICH_LINK}), 0, 1000)}, _BORDER
        ),
        "rich_text_quote": shape({"elements": array(_INLINE, 0, 1000)}, _BORDER),
        "rich_text_list": shape(
            {
                "elements": array(typed({"rich_text_section": _RICH_SECTION}), 1, 1000),
                "style": one_of("bullet", "ordered"),
            },
            {"indent": integer(0, 8), "offset": integer(0, 1000), **_BORDER},
        ),
    }
)
_BLOCK_ID = {"block_id": _ID}
_SECTION_SHAPE = shape(
    {},
    {
        **_BLOCK_ID,
        "text": _words(3000),
        "fields": array(_words(2000), 1, 10),
        "accessory": typed({"button": _BUTTON, "image": shape(_IMAGE), **_CHOICES}),
        "expand": boolean,
    },
)


def _section(value: Any, at: str) -> Iterator[str]:
    yield from _SECTION_SHAPE(value, at)
    if not value.keys() & {"text", "fields"}:
        yield f"must define either `text` or `fields` [json-pointer:{at}]"


_BLOCK = typed(
    {
        "header": shape({"text": _plain(150)}, _BLOCK_ID),
        "section": _section,
        "divider": shape({}, _BLOCK_ID),
        "image": shape(_IMAGE, {**_BLOCK_ID, "title": _plain(2000)}),
        "context": shape(
            {
                "elements": array(
                    typed(
                        {"image": shape(_IMAGE), "plain_text": _words(3000), "mrkdwn": _words(3000)},
                    ),
                    1,
                    10,
                )
            },
            _BLOCK_ID,
        ),
        "actions": shape({"elements": array(typed({"button": _BUTTON, **_CHOICES}), 1, 25)}, _BLOCK_ID),
        "input": shape(
            {"label": _plain(2000), "element": typed({"plain_text_input": _text_input, **_CHOICES})},
            {**_BLOCK_ID, "hint": _plain(2000), "optional": boolean, "dispatch_action": boolean},
        ),
        "rich_text": shape({"elements": array(_RICH, 0, 1000)}, _BLOCK_ID),
    }
)
_VIEW = shape(
    {"type": one_of("modal"), "title": _plain(24), "blocks": array(_BLOCK, 1, 100)},
    {
        "submit": _plain(24),
        "close": _plain(24),
        "private_metadata": string(3000, least=0),
        "callback_id": string(255, least=0),
        "external_id": string(255, least=0),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
    },
)
_HOME = shape(
    {"type": one_of("home"), "blocks": array(_BLOCK, 1, 100)},
    {
        "private_metadata": string(3000, least=0),
        "callback_id": string(255, least=0),
        "external_id": string(255, least=0),
    },
)
_BLOCKS = array(_BLOCK, 0, 50)


def compact_bytes(value: Any) -> int:
    """The size of `value` as compact JSON, in UTF-8 bytes."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def block_elements(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The elements of a block that a person can use: buttons, inputs, choices."""
    found = block.get("elements", []) if block.get("type") == "actions" else []
    return [*found, *(block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict))]


def _unique(ids: list[Any], what: str, at: str) -> Iterator[str]:
    given = [one for one in ids if one is not None]
    if len(set(given)) < len(given):
        yield f"`{what}` already exists [json-pointer:{at}]"


def _across(blocks: list[dict[str, Any]], at: str) -> Iterator[str]:
    yield from _unique([block.get("block_id") for block in blocks], "block_id", at)
    for index, block in enumerate(blocks):
        ids = [element.get("action_id") for element in block_elements(block)]
        yield from _unique(ids, "action_id", f"{at}/{index}")
    focused = [element for block in blocks for element in block_elements(block) if element.get("focus_on_load")]
    if len(focused) > 1:
        yield f"only one element can be focused on load [json-pointer:{at}]"


def block_problems(blocks: list[Any]) -> list[str]:
    """Why Slack refuses these blocks of a message, in its own way of saying it; empty if it takes them."""
    return list(_BLOCKS(blocks, "/blocks")) or list(_across(blocks, "/blocks"))


def view_problems(view: Any) -> list[str]:
    """Why Slack refuses this modal view; empty if it takes it."""
    problems = list(_VIEW(view, "/view"))
    if problems:
        return problems
    if any(block["type"] == "input" for block in view["blocks"]) and "submit" not in view:
        problems.append("missing required field: submit, needed by input blocks [json-pointer:/view]")
    return problems + list(_across(view["blocks"], "/view/blocks"))


def home_problems(view: Any) -> list[str]:
    """Why Slack refuses this view of a Home tab; empty if it takes it."""
    return list(_HOME(view, "/view")) or list(_across(view["blocks"], "/view/blocks"))
