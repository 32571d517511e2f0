"""Reads the recordings in tests/transcripts: requests (`> `) and answers (`< `) of two real controllers."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"

_REQUEST = re.compile(r"^> (GET|POST) (\S+) HTTP/1\.1$")
_STATUS = re.compile(r"^< HTTP/1\.1 (\d{3})")
_ROUND_TWO_USER = re.compile(r"Basic <([a-z-]+):token>")
_END = re.compile(r"^(={20,}|# the same, indented:.*|# .*|--- console log ---|\[\d+ more.*)$")


@dataclass(slots=True)
class Exchange:
    """One request with its answer. `user` is None where the recording does not say who asked."""

    note: str
    method: str
    target: str
    sent: dict[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    answer: str = ""

    @property
    def user(self) -> str | None:
        """Round two names the account in the blanked header."""
        match = _ROUND_TWO_USER.search(self.sent.get("Authorization", ""))
        return match[1] if match else None

    @property
    def json(self) -> Any:
        """The answer as JSON; None where the recording was cut or is no JSON."""
        if not self.headers.get("Content-Type", "").startswith("application/json"):
            return None
        try:
            return json.JSONDecoder().raw_decode(self.answer.lstrip())[0]
        except ValueError:
            return None


def exchanges(name: str) -> list[Exchange]:
    """All exchanges of one file, in order."""
    found: list[Exchange] = []
    note: list[str] = []
    part = "note"
    for line in (TRANSCRIPTS / name).read_text().split("\n"):
        request = _REQUEST.match(line)
        if request:
            found.append(Exchange(" ".join(note), request[1], request[2]))
            note, part = [], "sent"
        elif found and _STATUS.match(line):
            found[-1].status = int(_STATUS.match(line)[1])  # type: ignore[index]
            part = "headers"
        elif part in ("sent", "body", "headers") and found:
            part = _head(found[-1], part, line)
        elif part == "answer" and not _END.match(line):
            found[-1].answer += line + "\n"
        else:
            part = "note"
            note = [line] if line.startswith("# ") else note
    return found


def _head(exchange: Exchange, part: str, line: str) -> str:
    """Take one line of the head or body of a request, or of the head of an answer; returns what comes next."""
    text = line[2:]
    if part == "headers":
        if line.strip() == "<":
            return "answer"
        if not line.startswith("< "):
            return "answer"
        name, _, value = text.partition(": ")
        exchange.headers.setdefault(name, value)
        return part
    if line.strip() == ">":
        return "body" if part == "sent" else part
    if part == "sent" and line.startswith("> "):
        name, _, value = text.partition(": ")
        exchange.sent[name] = value
        return part
    if part == "body" and (line.startswith("> ") or exchange.body):
        exchange.body += text if line.startswith("> ") else "\n" + line
    return part
