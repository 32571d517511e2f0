"""What a person reads in a Slack message or modal, as plain text: for tests and for simple pages."""

from __future__ import annotations

import html
import re
from typing import Any, Protocol

_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")


class HasBlocks(Protocol):
    """A message: blocks, and a text that stands in where there are none."""

    text: str
    blocks: list[dict[str, Any]]


def plain(message: HasBlocks) -> str:
    """The words of a message, one line for each line that a person sees; buttons as `[Approve]`."""
    return plain_blocks(message.blocks) if message.blocks else plain_text(message.text)


def plain_text(text: str) -> str:
    """A mrkdwn `text` with dates as their fallback and `&amp; &lt; &gt;` read back."""
    return html.unescape(_DATE.sub(r"\1", text))


def plain_view(view: dict[str, Any]) -> str:
    """The words of a modal: title, blocks, then its two buttons."""
    buttons = [f"[{view[key]['text']}]" for key in ("submit", "close") if view.get(key)]
    return "\n".join([view["title"]["text"], plain_blocks(view["blocks"]), " ".join(buttons)]).rstrip()


def plain_blocks(blocks: list[dict[str, Any]]) -> str:
    """The words of blocks, one line or more for each."""
    return "\n".join(line for line in map(_block, blocks) if line)


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "rich_text":
            return "\n".join(map(_rich, block["elements"]))
        case "actions":
            return " ".join(map(_element, block["elements"]))
        case "context":
            return " ".join(map(_element, block["elements"]))
        case "input":
            hint = block.get("hint", {}).get("text", "")
            return "\n".join(filter(None, [block["label"]["text"], hint, _element(block["element"])]))
        case "section":
            texts = [block.get("text", {}), *block.get("fields", [])]
            accessory = [_element(block["accessory"])] if "accessory" in block else []
            return "\n".join([*(_element(text) for text in texts if text), *accessory])
        case "header":
            return _element(block["text"])
        case "image":
            return str(block["alt_text"])
    return ""


def _element(element: dict[str, Any]) -> str:
    match element["type"]:
        case "button":
            return f"[{element['text']['text']}]"
        case "plain_text":
            return str(element["text"])
        case "mrkdwn":
            return plain_text(element["text"])
        case "image":
            return str(element["alt_text"])
        case "plain_text_input":
            return "[          ]"
    return " ".join(f"( ) {option['text']['text']}" for option in element.get("options", []))


def _rich(element: dict[str, Any]) -> str:
    if element["type"] == "rich_text_list":
        return "\n".join(f"- {_rich(item)}" for item in element["elements"])
    text = "".join(map(_inline, element["elements"]))
    return "\n".join(f"> {line}" for line in text.split("\n")) if element["type"] == "rich_text_quote" else text


def _inline(element: dict[str, Any]) -> str:
    match element["type"]:
        case "text":
            return str(element["text"])
        case "link":
            return str(element.get("text") or element["url"])
        case "date":
            return str(element.get("fallback", element["timestamp"]))
        case "user":
            return f"@{element['user_id']}"
        case "usergroup":
            return f"@{element['usergroup_id']}"
        case "channel":
            return f"#{element['channel_id']}"
        case "emoji":
            return f":{element['name']}:"
    return f"@{element['range']}"
