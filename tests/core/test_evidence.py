"""An auditor checks an answer again, offline: any changed fact is refused by its name (S7, row 45)."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

import security_keys_kit as kit
from jenkins_mfa.core import base64url, evidence
from jenkins_mfa.core.assertion import check_proof
from jenkins_mfa.core.binding import GateBinding
from jenkins_mfa.core.credential import key_sha256
from jenkins_mfa.core.evidence import Evidence
from jenkins_mfa.errors import EvidenceError
from jenkins_mfa.simulators import security_key_pairs as pairs
from jenkins_mfa.simulators.security_key import EDDSA, ES256, RS256, Lies

EACH = pytest.mark.parametrize("alg", kit.ALGORITHMS.values(), ids=kit.ALGORITHMS)
ORDER_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2, 2.4.2

_COMPRESSED = (serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)

#: For each field of the proof another value, and the fact that then fails.
PROVED = {
    "rp_id": ("example.com", "rp_id"),
    "origin": ("https://mfa.example.com:8443", "origin"),
}


def _reason(bundle: Evidence) -> str:
    with pytest.raises(EvidenceError) as refused:
        evidence.verify(bundle)
    assert str(refused.value).startswith("the answer of the security key ")
    return refused.value.reason


@EACH
def test_what_a_key_signed_is_verified_again(alg: int) -> None:
    """For each kind of key, also after it was kept as one line of JSON; the size is what docs say."""
    bundle = kit.evidence_of(alg)
    evidence.verify(bundle)
    kept = evidence.encode(bundle)
    assert "\n" not in kept
    assert len(kept) < 2048
    assert evidence.decode(kept) == bundle
    evidence.verify(evidence.decode(kept))


@EACH
@pytest.mark.parametrize("name", [field.name for field in fields(GateBinding)])
def test_row_45_a_changed_field_of_the_decision_is_refused(alg: int, name: str) -> None:
    """Row 13 too: a denial is no approval; each field is in what was signed."""
    bundle = kit.evidence_of(alg)
    changed = replace(bundle, binding=replace(bundle.binding, **{name: kit.BOUND[name]}))
    assert _reason(changed) == "challenge"


@EACH
@pytest.mark.parametrize("name", PROVED)
def test_row_45_another_site_is_refused(alg: int, name: str) -> None:
    """Rows 16 and 18: what the bundle says of the site is what was signed, port included."""
    other, reason = PROVED[name]
    assert _reason(kit.evidence_of(alg, **{name: other})) == reason


@EACH
@pytest.mark.parametrize("name", ["client_data", "authenticator_data", "signature", "spki"])
def test_row_45_no_byte_of_the_proof_is_free(alg: int, name: str) -> None:
    """Each byte of the signed data, of the signature and of the public key, changed in its lowest bit, is refused."""
    bundle = kit.evidence_of(alg)
    value = getattr(bundle.proof, name)
    for place in range(0, len(value), 1 if alg != RS256 else 7):
        changed = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        _reason(replace(bundle, proof=replace(bundle.proof, **{name: changed})))


@EACH
def test_row_45_another_key_or_algorithm_is_refused(alg: int) -> None:
    """The key in the bundle is the one that signed, and of its algorithm's kind."""
    assert _reason(kit.evidence_of(alg, spki=pairs.spki(kit.private(alg, 1)))) == "signature"
    for other in {EDDSA, ES256, RS256, -257 - 1, -37, 0} - {alg}:
        bundle = kit.evidence_of(alg)
        assert _reason(replace(bundle, proof=replace(bundle.proof, alg=other))) == "algorithm"


@pytest.mark.parametrize(
    ("lies", "reason"),
    [
        (Lies(ceremony="webauthn.create"), "ceremony"),
        (Lies(challenge=b""), "challenge"),
        (Lies(challenge=b"x" * 32), "challenge"),
        (Lies(origin="http://mfa.example.com"), "origin"),
        (Lies(origin="https://mfa.example.com/"), "origin"),
        (Lies(origin="https://mfa.example.com:8443"), "origin"),
        (Lies(said={"crossOrigin": True}), "cross_origin"),
        (Lies(said={"crossOrigin": 1}), "cross_origin"),
        (Lies(said={"crossOrigin": None}), "cross_origin"),
        (Lies(said={"topOrigin": "https://mfa.example.com"}), "cross_origin"),
        (Lies(rp_id="example.com"), "rp_id"),
        (Lies(flags_off=1), "user_present"),
        (Lies(flags_off=4), "user_verified"),
        (Lies(flags_on=2), "flags"),
        (Lies(flags_on=32), "flags"),
        (Lies(flags_on=16), "flags"),
        (Lies(flags_on=64), "malformed"),
        (Lies(flags_on=128), "malformed"),
        (Lies(trailing=b"\0"), "malformed"),
        (Lies(authenticator_data=b"\0" * 36), "malformed"),
        (Lies(client_data=b"[]"), "malformed"),
        (Lies(client_data=b""), "malformed"),
        (Lies(client_data=b"\xff"), "malformed"),
        (Lies(client_data=b'{"type":"webauthn.get","type":"webauthn.get"}'), "malformed"),
        (Lies(client_data=b"[" * 4000), "malformed"),
        (Lies(said={"more": "x" * 4096}), "malformed"),
        (Lies(signature=b""), "signature"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@EACH
def test_what_was_rightly_signed_must_still_be_right(alg: int, lies: Lies, reason: str) -> None:
    """Rows 16 to 19, 23, 24: the signature is good in all but one of these; the fact that fails is named."""
    assert _reason(kit.evidence_of(alg, lies=lies)) == reason


def test_what_browsers_add_is_let_through() -> None:
    """Members that nobody knows yet (WebAuthn L3, 5.8.1), no crossOrigin at all, an extension's output."""
    evidence.verify(kit.evidence_of(ES256, lies=Lies(said={"other_keys_can_be_added_here": "as the standard says"})))
    told = json.dumps(
        {"type": "webauthn.get", "challenge": base64url.encode(kit.BINDING.challenge), "origin": kit.ORIGIN}
    )
    evidence.verify(kit.evidence_of(ES256, lies=Lies(client_data=told.encode())))
    evidence.verify(kit.evidence_of(ES256, lies=Lies(flags_on=128, trailing=b"\xa1\x63uvm\x80")))


def test_a_signature_is_no_key_against_replays() -> None:
    """ECDSA is malleable: (r, n - s) verifies as well. What names an answer is its challenge, which stays the same."""
    bundle = kit.evidence_of(ES256)
    r, s = decode_dss_signature(bundle.proof.signature)
    other = encode_dss_signature(r, ORDER_P256 - s)
    twin = replace(bundle, proof=replace(bundle.proof, signature=other))
    evidence.verify(twin)
    assert twin.proof.signature != bundle.proof.signature
    assert twin.binding.challenge == bundle.binding.challenge


def _odd_key(kind: str) -> tuple[bytes, int, str]:
    """The public key (SPKI), what it is said to be, and why it is refused."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if kind == "P-384":
        return ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(*form), ES256, "algorithm"
    bits = int(kind.removeprefix("RSA-"))
    return rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key().public_bytes(*form), RS256, "key"


@pytest.mark.parametrize("kind", ["RSA-1024", "RSA-2047", "RSA-8192", "P-384"])
def test_row_22_weak_and_strange_keys_are_refused(kind: str) -> None:
    """An RSA key under 2048 bits proves nothing, a huge one takes our time, another curve is none of ours."""
    spki, alg, reason = _odd_key(kind)
    assert _reason(kit.evidence_of(alg, spki=spki)) == reason


def test_row_24_an_empty_challenge_matches_nothing() -> None:
    """Not even an answer to an empty one."""
    proof = kit.evidence_of(ES256, lies=Lies(challenge=b"")).proof
    with pytest.raises(EvidenceError) as refused:
        check_proof(proof, b"")
    assert refused.value.reason == "challenge"


@pytest.mark.parametrize(
    "spki", [b"", b"\0" * 91, pairs.spki(kit.private(ES256)) + b"\0"], ids=["none", "zeros", "more"]
)
def test_what_is_no_public_key_is_refused(spki: bytes) -> None:
    """Damaged DER ends in the refusal."""
    assert _reason(kit.evidence_of(ES256, spki=spki)) == "key"


def test_a_public_key_has_one_spelling() -> None:
    """The same point compressed is another DER; the enrolment names the digest of one of them."""
    x = kit.private(ES256).public_key().public_bytes(*_COMPRESSED)  # type: ignore[union-attr]
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    assert _reason(kit.evidence_of(ES256, spki=head + x)) == "key"
    assert key_sha256(head + x) != key_sha256(pairs.spki(kit.private(ES256)))


KEPT = json.loads(evidence.encode(kit.evidence_of(ES256)))
JSONISH = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=2))


@given(st.sampled_from([*KEPT, "more"]), JSONISH)
def test_anything_in_the_place_of_a_field_is_refused(name: str, value: object) -> None:
    """Wrong types, times that cannot be, short nonces, foreign members: never another error, and never accepted."""
    if KEPT.get(name) == value:
        return
    text = json.dumps({**KEPT, name: value})
    with pytest.raises(EvidenceError):
        evidence.verify(evidence.decode(text))


@pytest.mark.parametrize("name", KEPT)
def test_a_field_that_is_missing_is_refused(name: str) -> None:
    """The version, too."""
    with pytest.raises(EvidenceError) as refused:
        evidence.decode(json.dumps({key: value for key, value in KEPT.items() if key != name}))
    assert refused.value.reason == "malformed"


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_no_other_error_leaves_decode(text: str | bytes) -> None:
    """Garbage is EvidenceError."""
    with pytest.raises(EvidenceError):
        evidence.decode(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000,
        json.dumps({**KEPT, "pipeline": "x" * 20_000}),
        json.dumps({**KEPT, "v": True}),
        json.dumps({**KEPT, "v": 2}),
        json.dumps({**KEPT, "nonce": KEPT["nonce"] + "="}),
        json.dumps(KEPT)[:-1] + ', "decision": "approve"}',
        "{}",
    ],
    ids=["deep", "long", "true", "newer", "padded", "twice", "empty"],
)
def test_evidence_has_one_form(text: str) -> None:
    """What two readers could read differently is refused, and what is too large is not read."""
    with pytest.raises(EvidenceError) as refused:
        evidence.decode(text)
    assert refused.value.reason == "malformed"


def test_an_auditor_needs_nothing_but_cryptography() -> None:
    """Reading and checking a bundle loads the standard library, `cryptography` and our core."""
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from jenkins_mfa.core import evidence\n"
        "evidence.verify(evidence.decode(sys.stdin.read()))\n"
        "tops = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(tops - sys.stdlib_module_names - {'jenkins_mfa'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(KEPT), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) <= {"cryptography", "_cffi_backend", "_openssl"}
