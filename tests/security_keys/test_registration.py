"""What a new security key must be, and which lies are refused (S7, rows 17 to 23)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import cbor2
import ceremonies_kit as here
import pytest
from ceremonies_kit import ENROLS, KEYS, NOW, PARTY, register
from cryptography.hazmat.primitives.asymmetric import rsa

import security_keys_kit as kit
from certificates import Maker
from jenkins_mfa.core import evidence
from jenkins_mfa.core.audit import MAX_VALUE
from jenkins_mfa.core.binding import Purpose
from jenkins_mfa.errors import EvidenceError
from jenkins_mfa.security_keys.attestation import Models
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators import security_key_pairs as pairs
from jenkins_mfa.simulators.security_key import EDDSA, ES256, RS256, BrowserError, Lies, SecurityKey

EACH = pytest.mark.parametrize("alg", kit.ALGORITHMS.values(), ids=kit.ALGORITHMS)
AAGUID = bytes(range(16))
TEXT = "00010203-0405-0607-0809-0a0b0c0d0e0f"
MAKER = Maker.new()


def _refused(lies: Lies = Lies(), *, key: SecurityKey | None = None, **values: Any) -> str:  # noqa: B008
    with pytest.raises(EvidenceError) as refused:
        register(key or SecurityKey(ES256), lies, **values)
    return refused.value.reason


@EACH
@pytest.mark.parametrize("attests", ["none", "self"])
def test_a_key_registers(alg: int, attests: Any) -> None:
    """Without attestation, or vouched for by its own key, which says nothing: what is kept is what auditors read."""
    key = SecurityKey(alg, kit.private(alg), attests=attests, aaguid=AAGUID, transports=("usb", "nfc", "telepathy"))
    made = register(key)
    credential = made.credential
    assert made.counter == 1
    assert credential.id == key.held[0].id
    assert credential.spki == pairs.spki(kit.private(alg))
    assert cbor2.loads(credential.cose) == pairs.cose(kit.private(alg), alg)
    assert (credential.alg, credential.rp_id, credential.aaguid) == (alg, kit.RP_ID, TEXT)
    assert (credential.attested, credential.backup_eligible) == (False, False)
    assert credential.transports == ("nfc", "usb")


def test_a_passkey_registers_as_one() -> None:
    """It may be on several devices, and does not count."""
    made = register(SecurityKey(ES256, synced=True, counts=False))
    assert (made.credential.backup_eligible, made.counter) == (True, 0)


def test_the_page_is_told_what_is_taken() -> None:
    """Verification required, no attestation, our algorithms, no key twice, a user id that shows no name."""
    known = register(SecurityKey(ES256)).credential
    options = KEYS.registration_options(ENROLS, "Alice Wu", (known,))
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert options["attestation"] == "none"
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [EDDSA, ES256, RS256]
    assert [kit.raw(one["id"]) for one in options["excludeCredentials"]] == [known.id]
    assert options["user"]["displayName"] == "Alice Wu"
    handle = kit.raw(options["user"]["id"])
    assert handle == PARTY.user_handle("alice") != PARTY.user_handle("bob")
    assert len(handle) == 32
    assert kit.raw(options["challenge"]) == ENROLS.challenge


def test_row_21_a_key_does_not_register_twice() -> None:
    """Honest browsers refuse; that an id belongs to nobody yet is for the caller to look up in its index."""
    key = SecurityKey(ES256)
    known = register(key).credential
    with pytest.raises(BrowserError) as told:
        key.register(KEYS.registration_options(ENROLS, "Alice Wu", (known,)), kit.ORIGIN)
    assert told.value.name == "InvalidStateError"


def test_a_browser_without_verification_does_not_get_so_far() -> None:
    """What is required of a key that has neither PIN nor finger is refused by the browser."""
    with pytest.raises(BrowserError):
        register(SecurityKey(ES256, verifies=False))


@pytest.mark.parametrize(
    ("lies", "reason"),
    [
        (Lies(ceremony="webauthn.get"), "ceremony"),
        (Lies(challenge=b"x" * 32), "challenge"),
        (Lies(challenge=b""), "challenge"),
        (Lies(origin="https://mfa-example.com"), "origin"),
        (Lies(origin=f"{kit.ORIGIN}:8443"), "origin"),
        (Lies(said={"crossOrigin": True}), "cross_origin"),
        (Lies(said={"topOrigin": "https://evil.example"}), "cross_origin"),
        (Lies(rp_id="example.com"), "rp_id"),
        (Lies(flags_off=1), "user_present"),
        (Lies(flags_off=4), "user_verified"),
        (Lies(flags_on=2), "flags"),
        (Lies(flags_on=32), "flags"),
        (Lies(flags_on=16), "flags"),
        (Lies(flags_off=64), "refused"),
        (Lies(flags_on=128), "refused"),
        (Lies(trailing=b"\0"), "refused"),
        (Lies(id=b"i" * 32), "credential_id"),
        (Lies(raw_id=b"i" * 32), "malformed"),
        (Lies(answer={"type": "password"}), "malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rows_16_to_19_a_lie_at_registration_is_refused(lies: Lies, reason: str) -> None:
    """The same facts as of an answer, and that the id outside is the one inside."""
    assert _refused(lies) == reason


@pytest.mark.parametrize("size", [0, 1, 15, 1024, 1500])
def test_row_22_an_odd_credential_id_is_refused(size: int) -> None:
    """WebAuthn allows 16 to 1023 bytes; both ends are taken."""
    assert _refused(Lies(attested_id=b"i" * size)) == "credential_id"
    for end in (16, 1023):
        assert register(SecurityKey(ES256), Lies(attested_id=b"i" * end)).credential.id == b"i" * end


def test_a_key_whose_answers_could_never_be_kept_is_refused() -> None:
    """The trail takes no evidence of that length (S7), so each answer would be refused: told before it is enrolled."""
    long = rsa.generate_private_key(65537, 4096)
    assert _refused(Lies(attested_id=b"i" * 1023), key=SecurityKey(RS256, long)) == "too_long"
    made = register(SecurityKey(RS256, long), Lies(attested_id=b"i" * 255)).credential
    assert register(SecurityKey(RS256, kit.private(RS256)), Lies(attested_id=b"i" * 1023)).credential.id == b"i" * 1023
    names = {"pipeline": "ü" * evidence.PIPELINE, "source": "s" * evidence.NAME, "run": "9" * evidence.NAME}
    binding = replace(kit.BINDING, credential=made.id, **names)
    answered = kit.evidence_of(RS256, binding, lies=Lies(said={"other_keys_can_be_added_here": "x" * 120}))
    kept = replace(answered, proof=replace(answered.proof, signature=bytes(512), spki=made.spki))
    assert len(evidence.encode(kept)) <= len(evidence.encode(evidence._longest(made, "alice", kit.ORIGIN))) <= MAX_VALUE


def test_row_22_a_weak_rsa_key_is_refused() -> None:
    """1,024 bits prove nothing; py_webauthn takes them."""
    weak = rsa.generate_private_key(65537, 1024)
    assert _refused(key=SecurityKey(RS256, weak)) == "key"


@pytest.mark.parametrize("alg", [-36, -37, -47, -48, -65535, -7.0, True, "ES256", None], ids=str)
def test_an_unknown_algorithm_is_refused(alg: Any) -> None:
    """Nothing is negotiated beyond the three; a float that equals one of them is none."""
    key = cbor2.dumps(pairs.cose(kit.private(ES256), alg), canonical=True)
    assert _refused(Lies(cose=key)) == "refused"


@pytest.mark.parametrize(
    "change",
    [{3: EDDSA}, {3: RS256}, {-1: 2}, {-2: b"x" * 32}, {-3: b""}, {1: 1}, {1: 3}, {1: 9}, {-2: 7}],
    ids=str,
)
def test_a_public_key_that_contradicts_itself_is_refused(change: dict[int, object]) -> None:
    """Another curve, a point off the curve, parts of another kind."""
    key = cbor2.dumps({**pairs.cose(kit.private(ES256), ES256), **change}, canonical=True)
    assert _refused(Lies(cose=key)) in {"refused", "algorithm"}


def test_row_14_a_registration_that_comes_too_late_is_refused() -> None:
    """Its challenge lives as long as others."""
    assert _refused(now=ENROLS.expires) == "expired"


def test_a_registration_serves_its_own_ticket_and_person() -> None:
    """What was made for one is none for another, nor for another purpose."""
    key = SecurityKey(ES256)
    body = here.posted(key.register(KEYS.registration_options(ENROLS, "Alice Wu", ()), kit.ORIGIN))
    for other in (replace(ENROLS, subject="ticket 2"), replace(ENROLS, person="bob"), replace(ENROLS, nonce=b"q" * 32)):
        with pytest.raises(EvidenceError) as refused:
            KEYS.register(body, other, NOW)
        assert refused.value.reason == "challenge"
    with pytest.raises(EvidenceError) as refused:
        KEYS.register(body, replace(ENROLS, purpose=Purpose.SIGN_IN), NOW)
    assert refused.value.reason == "ceremony"
    assert KEYS.register(body, ENROLS, NOW).credential.id == key.held[0].id


def test_an_attestation_that_nobody_asked_for_is_refused() -> None:
    """Without roots its certificates cannot be checked: it could be anybody's, self-signed."""
    attests, chain = MAKER.model(AAGUID)
    certified = SecurityKey(ES256, attests="certified", aaguid=AAGUID, certified=attests, chain=chain)
    assert _refused(key=certified) == "attestation"
    assert _refused(Lies(form="fido-u2f", statement={})) == "attestation"
    assert _refused(Lies(form="none", statement={"sig": b""})) == "refused"
    assert _refused(Lies(form="packed", statement={"alg": ES256, "sig": b"\0" * 70})) == "refused"
    assert _refused(Lies(form="packed", statement={"alg": ES256, "sig": b"\0" * 70, "x5c": []})) == "attestation"


DEMANDING = WebAuthnKeys(PARTY, "Example MFA", lambda: Models(frozenset({TEXT}), (MAKER.pem,)))


def _certified(aaguid: bytes = AAGUID, named: bytes | None = AAGUID, maker: Maker = MAKER) -> SecurityKey:
    attests, chain = maker.model(named)
    return SecurityKey(ES256, attests="certified", aaguid=aaguid, certified=attests, chain=chain)


def test_a_model_that_its_maker_vouches_for_is_taken() -> None:
    """Where the policy demands models, the page asks for a direct attestation, and its chain is verified."""
    assert DEMANDING.registration_options(ENROLS, "Alice Wu", ())["attestation"] == "direct"
    credential = register(_certified(), keys=DEMANDING).credential
    assert (credential.attested, credential.aaguid) == (True, TEXT)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (SecurityKey(ES256, aaguid=AAGUID), "attestation"),
        (SecurityKey(ES256, aaguid=AAGUID, attests="self"), "attestation"),
        (_certified(maker=Maker.new()), "root"),
        (_certified(named=None), "refused"),
        (_certified(named=b"o" * 16), "attestation"),
        (_certified(aaguid=b"o" * 16, named=b"o" * 16), "model"),
        (_certified(aaguid=b"o" * 16, named=AAGUID), "attestation"),
    ],
    ids=["none", "self", "foreign root", "no model", "another model", "not listed", "claims another"],
)
def test_a_model_that_nobody_vouches_for_is_refused(key: SecurityKey, reason: str) -> None:
    """A claimed AAGUID is believed in no case."""
    assert _refused(key=key, keys=DEMANDING) == reason


def test_a_wrong_statement_is_refused_however_good_its_chain_is() -> None:
    """The attesting key has signed this very registration."""
    key = _certified()
    statement = {"alg": ES256, "sig": b"\0" * 70, "x5c": list(key.chain)}
    assert _refused(Lies(statement=statement), key=key, keys=DEMANDING) == "refused"


@pytest.mark.parametrize("form", ["fido-u2f", "tpm", "apple", "android-key", "android-safetynet", "none"])
def test_roots_are_for_one_format(form: str) -> None:
    """For any other the library would look for no root of ours: it is not taken, whatever certificate it brings."""
    key = _certified()
    statement = {"alg": ES256, "sig": b"\0" * 70, "x5c": list(key.chain)}
    assert _refused(Lies(form=form, statement=statement), key=key, keys=DEMANDING) == "attestation"


@pytest.mark.parametrize(("aaguids", "roots"), [(frozenset(), (MAKER.pem,)), (frozenset({TEXT}), ())])
def test_models_without_roots_are_no_demand(aaguids: frozenset[str], roots: tuple[bytes, ...]) -> None:
    """And roots without models are none either: the operator hears of it."""
    with pytest.raises(ValueError):
        Models(aaguids, roots)


def test_what_pages_add_is_let_through() -> None:
    """Extensions' results, transports that are not named, members that nobody knows."""
    key = SecurityKey(ES256)
    answer = key.register(KEYS.registration_options(ENROLS, "Alice Wu", ()), kit.ORIGIN)
    answer["clientExtensionResults"] = {"credProps": {"rk": True}}
    del answer["response"]["transports"]
    answer["response"]["more"] = 1
    assert KEYS.register(json.dumps(answer).encode(), ENROLS, NOW).credential.transports == ()
    extended = Lies(flags_on=128, trailing=cbor2.dumps({"credProtect": 2}))
    assert register(SecurityKey(ES256), extended).credential.alg == ES256
