"""docs/audit.md says what is: its mapping is the code's, and its receiver takes what the agent sends and nothing else.

`make docs-reference` writes the mapping anew.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jenkins_mfa.core import ocsf, webhook
from receivers import SECRET

PAGE = Path(__file__).parent.parent / "docs" / "audit.md"
TABLE = re.compile(r"(<!-- ocsf -->\n).*?(<!-- end of ocsf -->)", re.DOTALL)
CLASSES = {3004: "Entity Management", 3002: "Authentication", 2004: "Detection Finding", 6002: "Application Lifecycle"}
ACTIVITIES = {
    3004: {
        1: "Create", 3: "Update", 4: "Delete", 6: "Enroll", 7: "Unenroll", 8: "Enable", 9: "Disable", 10: "Activate",
        11: "Deactivate", 12: "Suspend", 13: "Resume",
    },
    3002: {1: "Logon"},
    2004: {1: "Create"},
    6002: {3: "Start", 4: "Stop"},
}  # fmt: skip
SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}


def table() -> Iterator[str]:
    yield "| event | class | activity | severity | status |"
    yield "|---|---|---|---|---|"
    for name, row in ocsf.ROWS.items():
        of = f"{CLASSES[row.of]} ({row.of})"
        status = "New" if row.of == 2004 else {1: "Success", 2: "Failure"}[row.status]
        activity = f"{ACTIVITIES[row.of][row.activity]} ({row.activity})"
        severity = f"{SEVERITIES[row.severity]} ({row.severity})"
        yield f"| `{name}` | {of} | {activity} | {severity} | {status} ({row.status}) |"


def test_the_mapping_is_the_one_of_the_code() -> None:
    """Event by event; with UPDATE_DOCS=1 it is written first."""
    made = TABLE.sub(lambda found: found[1] + "\n".join(table()) + "\n" + found[2], PAGE.read_text())
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "make docs-reference writes it anew"


@pytest.fixture
def verified() -> Callable[..., bool]:
    """The receiver of the page."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Callable[..., bool]] = {}
    exec(code, names)
    return names["verified"]


def sent(body: bytes, at: float | None = None, message: str = "trail-3-ab-3") -> dict[str, str]:
    return webhook.headers(webhook.secret_of(SECRET), message, int(time.time() if at is None else at), body)


def test_the_receiver_takes_a_call_once(verified: Callable[..., bool]) -> None:
    """With the right secret, untouched, fresh; a second time it is known."""
    seen: set[str] = set()
    headers = sent(b"one\n")
    assert not verified(SECRET, headers, b"two\n", seen)
    assert not verified("whsec_" + "B" * 43 + "=", headers, b"one\n", seen)
    assert not verified(SECRET, headers | {"webhook-id": "trail-4-ab-3"}, b"one\n", seen)
    assert not verified(SECRET, headers | {"webhook-timestamp": str(int(time.time()) + 1)}, b"one\n", seen)
    assert verified(SECRET, headers, b"one\n", seen)
    assert not verified(SECRET, headers, b"one\n", seen)


def test_the_receiver_refuses_what_was_kept(verified: Callable[..., bool]) -> None:
    """Five minutes later, or before its time."""
    for at in (time.time() - 301, time.time() + 302):
        assert not verified(SECRET, sent(b"one\n", at), b"one\n", set())
    assert verified(SECRET, sent(b"one\n", time.time() - 290), b"one\n", set())
    assert not verified(SECRET, sent(b"one\n") | {"webhook-timestamp": "now"}, b"one\n", set())
