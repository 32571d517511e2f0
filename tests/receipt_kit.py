"""Claims of receipts, from one flat set of arguments."""

from __future__ import annotations

from typing import Any

from jenkins_mfa.core.receipt import Receipt, claims_for


def claims_of(*, issuer: str, kind: str, nonce: str, **says: Any) -> dict[str, Any]:
    """What an installation signs; `says` are the fields of a receipt."""
    return claims_for(Receipt(**says), issuer=issuer, kind=kind, nonce=nonce)
