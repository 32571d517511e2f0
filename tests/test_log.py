"""Logs: nothing secret by type, by name or by look, and no line that somebody else wrote (S12)."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.log import HIDDEN, Unfailing, redact
from jenkins_mfa.secret_files import Secret

JWS = "eyJhbGciOiJFZERTQSJ9.eyJ2IjoxfQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "event",
    [
        {"anything": Secret("hunter2hunter2")},
        {"token": "hunter2hunter2"},
        {"bot_token": "hunter2hunter2"},
        {"seed": "hunter2hunter2"},
        {"receipt": "hunter2hunter2"},
        {"number": "hunter2hunter2"},
        {"nested": {"password": "hunter2hunter2"}},
        {"listed": [{"ticket": "hunter2hunter2"}]},
        {"problem": "GET https://user:hunter2hunter2@ci.example.com/ failed"},
        {"problem": "Authorization: Basic aHVudGVyMmh1bnRlcjI="},
    ],
)
def test_secrets_do_not_appear(event: dict[str, object]) -> None:
    """By type, by key name, inside containers, and by look inside other texts."""
    shown = json.dumps(redact(None, "info", dict(event)), default=str)
    assert "hunter2" not in shown
    assert "aHVudGVy" not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("text", ["xoxb-1234-abcd", "xapp-1-A-2-b", f"sent {JWS} to it"])
def test_tokens_and_receipts_are_known_by_their_look(text: str) -> None:
    """Wherever they stand."""
    shown = str(redact(None, "info", {"event": text}))
    assert "1234" not in shown
    assert "eyJ2" not in shown


@given(st.text())
def test_nobody_can_forge_a_line(text: str) -> None:
    """Newlines, control and bidirectional characters are written visibly."""
    shown = str(redact(None, "info", {"run": text})["run"])
    assert not any(c in shown for c in "\n\r\x1b\u202e\u2028\x85\x00")


def test_a_full_disk_under_the_log_raises_nothing() -> None:
    """What cannot be written is lost; whoever logs goes on."""
    with Path("/dev/full").open("wb", buffering=0) as disk:
        stream = Unfailing(io.TextIOWrapper(disk, write_through=True))
        stream.write("a line\n")
        stream.flush()


def test_what_looks_nearly_like_receipts_holds_no_thread_up() -> None:
    """A word full of what a receipt begins with is looked at once; a real one behind other letters is found."""
    began = time.process_time()
    redact(None, "info", {"run": "eyJ" * 100_000})
    assert time.process_time() - began < 1
    assert redact(None, "info", {"run": f"n{JWS}"})["run"] == HIDDEN
