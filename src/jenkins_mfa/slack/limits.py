"""What Slack takes: checked here for everything before it is sent, so that nothing is cut or refused on the way.

Two limits stand on no page of Slack's: all blocks of a message together end near 13,200 characters, and `text` of an
update at 4,000 bytes. These are held with room to spare (slack.md, section 3).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from jenkins_mfa.errors import MessageRefusedError

Json = dict[str, Any]

MAX_BLOCKS = 50
MAX_BLOCKS_BYTES = 12_000  #: compact JSON, UTF-8
MAX_TEXT_BYTES = 3_900  #: UTF-8
MAX_VIEW_BLOCKS = 100
MAX_METADATA = 3_000  #: characters of a view's private_metadata
MAX_BUTTON = 75  #: characters, escaped; its accessibility label, too
MAX_VALUE = 2_000  #: characters of a button's value
MAX_ID = 255  #: characters of a block_id
#: Characters, escaped, of plain_text by where it stands.
MAX_HEADER, MAX_FIELD, MAX_VIEW_WORD = 150, 2_000, 24
MAX_DIALOG = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


def size(value: Any) -> int:
    """Bytes of compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))


def fits(text: str, blocks: list[Json]) -> bool:
    """Whether Slack would take a message."""
    return not any(_message(text, blocks))


def check_message(text: str, blocks: list[Json]) -> None:
    """Raises MessageRefusedError, naming the limit, for a message that Slack would refuse or cut."""
    problems = list(_message(text, blocks))
    if problems:
        raise MessageRefusedError("a message was not sent: " + "; ".join(problems))


def check_view(view: Json) -> None:
    """Raises MessageRefusedError, naming the limit, for a form that Slack would refuse."""
    problems = list(_blocks(view["blocks"]))
    if len(view["blocks"]) > MAX_VIEW_BLOCKS:
        problems.append(f"{len(view['blocks'])} blocks")
    problems += [
        f"{key} is too long" for key in ("title", "submit", "close") if key in view and _long(view[key], MAX_VIEW_WORD)
    ]
    if len(view.get("private_metadata", "")) > MAX_METADATA:
        problems.append("private_metadata is too long")
    if problems:
        raise MessageRefusedError("a form was not opened: " + "; ".join(problems))


def _message(text: str, blocks: list[Json]) -> Iterator[str]:
    length = len(text.encode(errors="replace"))
    if not 0 < length <= MAX_TEXT_BYTES:
        yield f"text has {length} bytes"
    if len(blocks) > MAX_BLOCKS:
        yield f"{len(blocks)} blocks"
    if size(blocks) > MAX_BLOCKS_BYTES:
        yield f"blocks have {size(blocks)} bytes"
    yield from _blocks(blocks)


def _blocks(blocks: Iterable[Json]) -> Iterator[str]:
    ids = [block["block_id"] for block in blocks]
    if len(set(ids)) < len(ids):
        yield "a block_id stands twice"
    for block in blocks:
        if len(block["block_id"]) > MAX_ID:
            yield "a block_id is too long"
        if block["type"] == "header" and _long(block["text"], MAX_HEADER):
            yield "the header is too long"
        for element in block["elements"] if block["type"] == "actions" else ():
            yield from _button(element)
        for key in ("label", "hint"):
            if block["type"] == "input" and key in block and _long(block[key], MAX_FIELD):
                yield f"a {key} is too long"


def _button(button: Json) -> Iterator[str]:
    if _long(button["text"], MAX_BUTTON) or len(button["accessibility_label"]) > MAX_BUTTON:
        yield "a button's name is too long"
    if len(button["value"]) > MAX_VALUE:
        yield "a button's value is too long"
    dialog = button.get("confirm", {})
    for key, most in MAX_DIALOG.items():
        if key in dialog and _long(dialog[key], most):
            yield f"a dialog's {key} is too long"


def _long(plain: Json, most: int) -> bool:
    text: str = plain["text"]
    return sum({"&": 5, "<": 4, ">": 4}.get(character, 1) for character in text) > most
