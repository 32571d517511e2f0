"""Four renderers for parts: rich text (Slack's JSON), `text` (its fallback, read aloud), terminal, log.

Foreign text keeps its look everywhere: a chip in rich text, quotation marks elsewhere, with every character that
could hide, reverse or end it written visibly. Rich text is not parsed by Slack: nothing in it has to be escaped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jenkins_mfa.core import characters
from jenkins_mfa.words.parts import Channel, Claim, Everyone, Fact, Link, Part, Parts, Person, Quote, Time, Word

Element = dict[str, Any]
Users = Mapping[str, str]  #: roster id -> the messenger's own id, for mentions

EMPTY = "(empty)"
_DATE = {False: "{date_short_pretty} at {time}", True: "{time}"}


def visible(text: str, *, quoted: bool = True) -> str:
    """`text` with what cannot be seen, piles up, or could end a quotation, written as an escape like U+202E's."""
    found = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        piled = marks > characters.MAX_MARKS
        found.append(_escape(character) if piled else _visible(character, quoted))
    return "".join(found)


def _visible(character: str, quoted: bool) -> str:
    if quoted and character in "\\“”":
        return "\\\\" if character == "\\" else _escape(character)
    if not characters.fault(character):
        return character
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character) or _escape(character)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def utc(ms: int, *, clock: bool = False) -> str:
    """As in "Nov 24, 16:20 UTC", or "16:20 UTC"."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{moment:%H:%M} UTC" if clock else f"{moment:%b} {moment.day}, {moment:%H:%M} UTC"


def iso(ms: int) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def escape(text: str) -> str:
    """For Slack's `text`: nothing in it can start a mention, a link or a date."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rich(lines: Sequence[Parts], users: Users | None = None, *, bold: bool = True) -> list[Element]:
    """Lines as elements of a rich_text block, the first one `bold`. A `Quote` stands in a bar of its own."""
    found: list[Element] = []
    section: list[Element] = []
    for number, line in enumerate(lines):
        if section:
            section.append({"type": "text", "text": "\n"})
        for part in line:
            if isinstance(part, Quote):
                found += [{"type": "rich_text_section", "elements": section}] if section else []
                bar = {"type": "text", "text": visible(part.text, quoted=False) or EMPTY}
                found.append({"type": "rich_text_quote", "elements": [bar]})
                section = []
            else:
                section.append(_rich(part, users or {}, bold=bold and number == 0))
    found += [{"type": "rich_text_section", "elements": section}] if section else []
    return found


def _rich(part: Part, users: Users, *, bold: bool) -> Element:
    match part:
        case Fact(text) | Claim(text) if text:
            return {"type": "text", "text": visible(text), "style": {"code": True}}
        case Person(id, _, True) if id in users:
            return {"type": "user", "user_id": users[id]}
        case Time(at, clock):
            return {
                "type": "date",
                "timestamp": max(1, at // 1000),
                "format": _DATE[clock],
                "fallback": utc(at, clock=clock),
            }
        case Link(url, text):
            return {"type": "link", "url": url, "text": text}
        case Everyone():
            return {"type": "broadcast", "range": "here"}
        case Channel(id):
            return {"type": "channel", "channel_id": id}
    element: Element = {"type": "text", "text": terminal((part,))}
    return element | ({"style": {"bold": True}} if bold else {})


def text(parts: Parts, users: Users | None = None) -> str:
    """Parts for Slack's `text`: escaped, dates in the reader's own time."""
    return "".join(_text(part, users or {}) for part in parts)


def _text(part: Part, users: Users) -> str:
    match part:
        case Person(id, _, True) if id in users:
            return f"<@{users[id]}>"
        case Time(at, clock):
            return f"<!date^{at // 1000}^{_DATE[clock]}|{utc(at, clock=clock)}>"
        case Everyone():
            return "<!here>"
        case Channel(id):
            return f"<#{id}>"
    return escape(terminal((part,)))


def terminal(parts: Parts) -> str:
    """Parts as plain text: for a terminal, and for Slack's fields that take nothing else."""
    return _inline(parts, _terminal)


def _terminal(part: Part) -> str:
    match part:
        case Word(text) | Link(_, text):
            return text
        case Fact(text) | Claim(text) | Quote(text):
            return f"“{visible(text)}”" if text else EMPTY
        case Person(_, name):
            return name
        case Time(at, clock):
            return utc(at, clock=clock)
        case Everyone():
            return ""
        case Channel(id):
            return id


def log(parts: Parts) -> str:
    """Parts for a log line: people by roster id, times in ISO 8601, links as addresses; one line always."""
    return _inline(parts, _log).strip()


def _inline(parts: Parts, each: Callable[[Part], str]) -> str:
    """What somebody typed, which has a bar of its own elsewhere, stands apart from the colon before it."""
    found = ""
    for part in parts:
        apart = isinstance(part, Quote) and found.endswith(":")
        found += f"{' ' if apart else ''}{each(part)}"
    return found


def _log(part: Part) -> str:
    match part:
        case Person(id):
            return id
        case Time(at):
            return iso(at)
        case Link(url):
            return url
    return visible(terminal((part,)), quoted=False)
