"""Receipts beyond the vectors: any change of a signed one is refused, and keys keep their form."""

import base64
import contextlib
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core import receipt, signing_keys
from jenkins_mfa.core.receipt import Approver, RefusedReceipt
from jenkins_mfa.errors import ReceiptError, UntrustedInputError
from receipt_kit import claims_of

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEYS = {"k1": (signing_keys.ALGORITHM, KEY.public_key())}
NOW = 1764000000
ARGUMENTS: dict[str, Any] = {
    "issuer": "mfa:example",
    "kind": "jenkins",
    "source": "main",
    "pipeline": "deploy",
    "run_id": "17",
    "attempt": 1,
    "jti": "g_00.1",
    "iat": NOW,
    "exp": NOW + 300,
    "nonce": "Mfa-" + "0" * 32,
    "approvers": [Approver("alice", "totp", NOW)],
    "rules": ["production"],
    "policy_sha256": "a" * 64,
    "audit_seq": 1,
    "audit_head": "b" * 64,
    "request": {"v": 1},
    "request_sha256": "c" * 64,
}
EXPECT: dict[str, Any] = {
    "issuer": "mfa:example",
    "source": "main",
    "pipeline": "deploy",
    "run_id": "17",
    "nonce": "Mfa-" + "0" * 32,
    "request_sha256": "c" * 64,
}
TOKEN = receipt.sign(claims_of(**ARGUMENTS), kid="k1", key=KEY)


def _verify(token: str | None, **changes: Any) -> receipt.Receipt:
    return receipt.verify(token, **{**EXPECT, "keys": KEYS, "now": NOW, **changes})


def test_what_a_right_receipt_tells() -> None:
    """All that log and targets print comes out as it was signed."""
    read = _verify(TOKEN, factor="totp", quorum=1)
    assert read.approvers == (Approver("alice", "totp", NOW),)
    assert (read.jti, read.rules, read.audit_seq, read.audit_head) == ("g_00.1", ("production",), 1, "b" * 64)
    assert not read.break_glass


def test_the_header_is_exactly_three_members() -> None:
    """PyJWT writes alg, kid and typ, and nothing else."""
    assert jwt.get_unverified_header(TOKEN) == {"alg": "EdDSA", "kid": "k1", "typ": "mfa-receipt+jwt"}


def test_the_same_claims_give_the_same_receipt() -> None:
    """A retry of a delivery sends the same bytes."""
    assert receipt.sign(claims_of(**ARGUMENTS), kid="k1", key=KEY) == TOKEN


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCDwxyz0189-_.=\n é"))
def test_s10_one_character_changed_is_refused(place: int, character: str) -> None:
    """S10: no position of the token is free."""
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises(RefusedReceipt):
            _verify(changed)


@given(st.text(max_size=300) | st.text("abcAB01-_.", max_size=300))
def test_no_other_error_leaves_the_verifier(token: str) -> None:
    """Whatever comes in, the answer is one ReceiptError with a reason and a sentence in one line."""
    with pytest.raises(ReceiptError) as refused:
        _verify(token)
    assert refused.value.reason
    assert str(refused.value).isprintable()


JSONISH = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(st.sampled_from(sorted(claims_of(**ARGUMENTS))), JSONISH | st.dictionaries(st.text(max_size=3), JSONISH))
def test_one_claim_replaced_by_anything_never_raises_anything_else(name: str, value: object) -> None:
    """Even rightly signed claims of wrong types end in a refusal, or say what was expected."""
    claims = {**claims_of(**ARGUMENTS), name: value}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    signed = f"{TOKEN.split('.')[0]}.{payload}"
    signature = base64.urlsafe_b64encode(KEY.sign(signed.encode())).rstrip(b"=").decode()
    with contextlib.suppress(RefusedReceipt):
        _verify(f"{signed}.{signature}")


def test_a_factor_that_nobody_knows_is_never_asked_for_as_less_than_push() -> None:
    """A typing error of the caller raises; it does not let every receipt pass."""
    with pytest.raises(ValueError):
        _verify(TOKEN, factor="sms")


def test_a_quorum_below_one_still_needs_somebody() -> None:
    """approvals = 0 must not pass (OpenBao #3666)."""
    weak = claims_of(**{**ARGUMENTS, "approvers": [Approver("alice", "dna", NOW)]})
    with pytest.raises(RefusedReceipt) as refused:
        _verify(receipt.sign(weak, kid="k1", key=KEY), quorum=0)
    assert refused.value.reason == "factor"


@pytest.mark.parametrize(
    "change",
    [{"exp": NOW + 601}, {"exp": NOW}, {"approvers": [Approver("a", "totp", 1), Approver("a", "push", 2)]}],
    ids=["lives_too_long", "never_lives", "twice"],
)
def test_what_no_verifier_takes_is_not_signed(change: dict[str, Any]) -> None:
    """Our own mistakes end at the signer."""
    with pytest.raises(ValueError):
        claims_of(**{**ARGUMENTS, **change})


def test_keys_keep_their_form() -> None:
    """PEM and SPKI give the same key back, and the JWKS holds the 32 bytes of RFC 8037."""
    assert signing_keys.private_from_pem(signing_keys.private_pem(KEY)).private_bytes_raw() == b"k" * 32
    spki = signing_keys.spki(KEY.public_key())
    assert len(spki) == 60
    assert signing_keys.public_from_spki(spki) == KEY.public_key()
    (jwk,) = signing_keys.jwks({"k1": KEY.public_key()})["keys"]
    assert {"kty": "OKP", "crv": "Ed25519", "kid": "k1", "alg": "EdDSA", "use": "sig"}.items() <= jwk.items()
    assert base64.urlsafe_b64decode(jwk["x"] + "=") == KEY.public_key().public_bytes_raw()


def test_other_keys_are_refused_without_telling_them() -> None:
    """A key of another kind, a damaged one and none at all end in our error, which holds nothing of the text."""
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for pem in (other, b"", b"SECRET", signing_keys.private_pem(KEY)[:-40]):
        with pytest.raises(UntrustedInputError) as refused:
            signing_keys.private_from_pem(pem)
        assert "SECRET" not in str(refused.value)
    for text in ("", "é", "AAAA", "!"):
        with pytest.raises(UntrustedInputError):
            signing_keys.public_from_spki(text)
