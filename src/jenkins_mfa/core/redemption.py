"""What a consumer sends to redeem a receipt, read strictly (S15)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from jenkins_mfa.core import strict_json
from jenkins_mfa.core.receipt_form import MAX_BYTES
from jenkins_mfa.core.receipt_pass import Expected
from jenkins_mfa.errors import UntrustedInputError

MAX_BODY = MAX_BYTES + 8 * 1024  #: bytes: a whole receipt, and names
TOKEN = re.compile(r"[A-Za-z0-9_-]{22,128}")  #: 128 bits at least
LONGEST_NAME = 1000  #: characters of a pipeline's name
_FOR = {"source": "source", "pipeline": "pipeline", "run": "run_id", "environment": "environment", "action": "action"}


@dataclass(frozen=True, slots=True)
class Presented:
    """A receipt, the consumer's own `token` for this use of it, and what it is to be for. Two secrets."""

    receipt: str = field(repr=False)
    token: str = field(repr=False)
    expected: Expected


def parse(raw: bytes) -> Presented:
    """`{"v": 1, "receipt", "token", "for"?: {"source"?, "pipeline"?, "run"?, "environment"?, "action"?}}`.

    Raises UntrustedInputError, whose sentence holds nothing of what was sent but a key.
    """
    body = strict_json.parse(raw, place="the body", max_bytes=MAX_BODY, max_depth=2)
    if not isinstance(body, dict):
        raise UntrustedInputError("the body is no object.")
    _known(body, {"v", "receipt", "token", "for"}, "the body")
    if type(body.get("v")) is not int or body["v"] != 1:
        raise UntrustedInputError("v is not 1.")
    receipt, token, wanted = body.get("receipt"), body.get("token"), body.get("for", {})
    if not isinstance(receipt, str):
        raise UntrustedInputError("receipt is no text.")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise UntrustedInputError("token is not 22 to 128 of A-Z, a-z, 0-9, dash, underscore.")
    return Presented(receipt, token, _expected(wanted))


def _expected(wanted: object) -> Expected:
    if not isinstance(wanted, dict):
        raise UntrustedInputError("for is no object.")
    _known(wanted, set(_FOR), "for")
    for name, value in wanted.items():
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
            raise UntrustedInputError(f"for.{name} is no text of 1 to {LONGEST_NAME} characters.")
    return Expected(**{_FOR[name]: value for name, value in wanted.items()})


def _known(found: dict[str, object], names: set[str], place: str) -> None:
    """What nobody here knows might have been meant to make it stricter."""
    if unknown := sorted(set(found) - names):
        raise UntrustedInputError(f"{place} holds the key {strict_json.visible(unknown[0])}, which is not known.")
