"""Writes the vectors beside it: `python tests/vectors/make_vectors.py`. The same input gives the same bytes.

Python and the library for Pipelines run all of them. What is right or wrong is written down by hand in
*_cases.py; texts, digests, sums, sentences and signatures come from the project itself.
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import receipt_cases  # noqa: E402
import refusal_cases  # noqa: E402
import request_cases  # noqa: E402
import totp_cases  # noqa: E402
from receipt_maker import AGENT, EXPECT, KEYS, NOW  # noqa: E402

from jenkins_mfa.core import receipt, signing_keys  # noqa: E402
from jenkins_mfa.core.receipt import RefusedReceipt  # noqa: E402


def files() -> dict[str, str]:
    """Every vector file's name and content: ASCII, so that no editor or terminal changes a character."""
    vectors: dict[str, Any] = {
        "requests.json": request_cases.requests(),
        "refusals.json": refusal_cases.refusals(),
        "shown.json": request_cases.shown(),
        "receipts.json": receipts(),
        "totp.json": totp_cases.totp(),
    }
    return {name: json.dumps(content, indent=1) + "\n" for name, content in vectors.items()}


def receipts() -> dict[str, Any]:
    """receipts.json: the pinned keys, the agent's user id, and each case with all its expectations."""
    keys = {kid: {"alg": signing_keys.ALGORITHM, "spki": signing_keys.spki(key)} for kid, key in KEYS.items()}
    return {"agent": AGENT, "keys": keys, "cases": [_case(name, *case) for name, case in receipt_cases.CASES.items()]}


def _case(name: str, token: str | None, reason: str, changes: dict[str, Any], later: int) -> dict[str, Any]:
    expect, now = {**EXPECT, **changes}, NOW + later
    submitter = "dev" if reason == "submitter" else AGENT
    case = {
        "name": name,
        "receipt": token,
        "now": now,
        "expect": expect,
        "submitter": submitter,
        "valid": not reason,
    }
    return {**case, "reason": reason, "says": _says(token, now, expect)} if reason else case


def _says(token: str | None, now: int, expect: dict[str, Any]) -> str:
    try:
        receipt.verify(token, keys={kid: (signing_keys.ALGORITHM, key) for kid, key in KEYS.items()}, now=now, **expect)
    except RefusedReceipt as refused:
        return str(refused).removeprefix("the receipt ")
    return f"came through dev, not {AGENT}"


if __name__ == "__main__":
    for name, content in files().items():
        (HERE / name).write_text(content)
