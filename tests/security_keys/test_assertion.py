"""Answers with a security key: every row of the attack table that this layer stops (S7)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import ceremonies_kit as here
import pytest
from ceremonies_kit import NOW, Enrolled, enrolled

import security_keys_kit as kit
from jenkins_mfa.core import evidence
from jenkins_mfa.core.binding import ActBinding, Decision, Purpose
from jenkins_mfa.core.evidence import Evidence
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.errors import CounterError, EvidenceError
from jenkins_mfa.security_keys import ceremonies
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import ES256, BrowserError, Lies

EACH = pytest.mark.parametrize("alg", kit.ALGORITHMS.values(), ids=kit.ALGORITHMS)


def _refused(alice: Enrolled, body: bytes, **changes: Any) -> str:
    with pytest.raises(EvidenceError) as refused:
        alice.verified(body, **changes)
    return refused.value.reason


@EACH
def test_a_signed_answer_is_accepted_and_its_evidence_verifies(alg: int) -> None:
    """What the agent takes, an auditor takes; the counter is handed back to be stored."""
    alice = enrolled(alg)
    answer = alice.verified(alice.body())
    assert (answer.counter, answer.backed_up, alice.counter) == (2, False, 1)
    bundle = evidence.decode(evidence.encode(Evidence(alice.binding, answer.proof)))
    evidence.verify(bundle)
    assert (bundle.proof.spki, bundle.proof.origin, bundle.proof.rp_id) == (
        alice.credential.spki,
        kit.ORIGIN,
        kit.RP_ID,
    )


def test_the_page_is_told_to_verify_the_person() -> None:
    """S7: verification required, of the one approver's credential alone, in the time that there is."""
    alice = enrolled()
    options = here.KEYS.assertion_options(alice.binding, (alice.credential, enrolled().credential))
    assert options["userVerification"] == "required"
    assert options["rpId"] == kit.RP_ID
    assert [kit.raw(one["id"]) for one in options["allowCredentials"]] == [alice.credential.id]
    assert kit.raw(options["challenge"]) == alice.binding.challenge
    assert options["timeout"] == 60_000


def test_the_page_is_never_told_that_any_credential_will_do() -> None:
    """An empty allowCredentials means that to browsers."""
    alice = enrolled()
    with pytest.raises(ValueError):
        here.KEYS.assertion_options(alice.binding, ())
    with pytest.raises(ValueError):
        here.KEYS.assertion_options(alice.binding, (enrolled().credential,))


def test_row_11_a_replay_is_the_same_challenge() -> None:
    """A passkey does not count: the same answer verifies again. The caller has its challenge consumed before."""
    alice = enrolled(synced=True, counts=False)
    body = alice.body()
    first, second = alice.verified(body), alice.verified(body)
    assert first == second
    assert first.counter == 0
    fresh = replace(alice.binding, nonce=b"f" * 32)
    assert _refused(alice, body, binding=fresh) == "challenge"


def test_row_12_the_answer_to_one_gate_is_none_to_another() -> None:
    """The challenge is the hash of the gate."""
    alice = enrolled()
    body = alice.body()
    assert _refused(alice, body, binding=replace(alice.binding, gate="g_02")) == "challenge"


def test_row_13_a_denial_is_no_approval() -> None:
    """The decision is in the challenge."""
    alice = enrolled()
    body = alice.body(binding=replace(alice.binding, decision=Decision.DENY))
    assert _refused(alice, body) == "challenge"


@pytest.mark.parametrize("now", [NOW + 60_000, NOW + 10**9], ids=["just", "long"])
def test_row_14_a_stale_challenge_is_refused(now: int) -> None:
    """However good the signature is."""
    alice = enrolled()
    body = alice.body()
    assert _refused(alice, body, now=now) == "expired"
    alice.verified(body, now=NOW + 59_999)


def test_row_15_another_persons_credential_is_refused() -> None:
    """Bob's answer is neither Alice's under her name nor under his: the challenge names her credential."""
    alice, bob = enrolled(), enrolled(synced=True)
    body = bob.body(binding=bob.binding)
    assert _refused(alice, body) == "credential"
    assert _refused(alice, body, credential=bob.credential) == "credential"
    swapped = json.loads(body)
    swapped["id"] = swapped["rawId"] = json.loads(alice.body())["id"]
    assert _refused(alice, here.posted(swapped)) == "challenge"


@pytest.mark.parametrize(
    "handle", [b"somebody else", here.PARTY.user_handle("bob"), b"\0"], ids=["else", "bob", "zero"]
)
def test_row_15_a_user_handle_of_somebody_else_is_refused(handle: bytes) -> None:
    """The credential says itself whose it is, if it says anything."""
    alice = enrolled()
    assert _refused(alice, alice.body(Lies(user_handle=handle))) == "user_handle"
    alice.verified(alice.body(Lies(user_handle=b"")))  # none, as older keys do
    alice.verified(alice.body(Lies(user_handle=here.PARTY.user_handle("alice"))))


def test_row_16_a_browser_has_no_credential_for_a_phishing_site() -> None:
    """It asks the page's own site, and refuses ours to it."""
    alice = enrolled()
    with pytest.raises(BrowserError) as told:
        alice.body(origin="https://mfa-example.com")
    assert told.value.name == "SecurityError"


@pytest.mark.parametrize(
    ("lies", "reason"),
    [
        (Lies(origin="https://mfa-example.com"), "origin"),
        (Lies(origin="https://login.mfa.example.com"), "origin"),
        (Lies(origin="http://mfa.example.com"), "origin"),
        (Lies(origin="https://mfa.example.com/"), "origin"),
        (Lies(rp_id="example.com"), "rp_id"),
    ],
    ids=["look-alike", "subdomain", "http", "slash", "parent"],
)
def test_row_16_what_a_phishing_site_had_signed_is_refused(lies: Lies, reason: str) -> None:
    """Origin and RP id are signed."""
    alice = enrolled()
    assert _refused(alice, alice.body(lies)) == reason


@pytest.mark.parametrize(
    "said",
    [{"crossOrigin": True}, {"crossOrigin": False, "topOrigin": "https://evil.example"}, {"crossOrigin": "false"}],
    ids=["cross", "top", "text"],
)
def test_row_17_our_page_in_a_foreign_frame_is_refused(said: dict[str, object]) -> None:
    """py_webauthn reads the first and ignores both."""
    alice = enrolled()
    assert _refused(alice, alice.body(Lies(said=said))) == "cross_origin"


def test_row_18_another_port_of_the_same_host_is_refused() -> None:
    """The RP id has no port; the origin has."""
    alice = enrolled()
    assert _refused(alice, alice.body(origin=f"{kit.ORIGIN}:8443")) == "origin"


def test_row_19_a_touch_without_verification_is_refused() -> None:
    """Whatever the options said."""
    alice = enrolled()
    assert _refused(alice, alice.body(Lies(flags_off=4))) == "user_verified"
    assert _refused(alice, alice.body(Lies(flags_off=1))) == "user_present"


@pytest.mark.parametrize(("stored", "said"), [(7, 7), (7, 6), (7, 0), (1, 1)])
def test_row_20_a_counter_that_does_not_grow_is_its_own_error(stored: int, said: int) -> None:
    """The caller suspends the credential then: there may be two of this key."""
    alice = enrolled()
    with pytest.raises(CounterError) as refused:
        alice.verified(alice.body(Lies(count=said)), counter=stored)
    assert refused.value.reason == "counter"
    assert alice.verified(alice.body(Lies(count=stored + 1)), counter=stored).counter == stored + 1


def test_row_20_nobody_suspends_a_key_without_having_it() -> None:
    """Of an answer with a wrong signature the counter says nothing."""
    alice = enrolled()
    reason = _refused(alice, alice.body(Lies(count=0, signature=b"\0" * 70)), counter=7)
    assert reason == "signature"


def test_row_24_an_empty_challenge_is_refused() -> None:
    """An answer to nothing, and to what is not there."""
    alice = enrolled()
    assert _refused(alice, alice.body(Lies(challenge=b""))) == "challenge"
    assert _refused(alice, alice.body(), binding=None) == "refused"


@EACH
@pytest.mark.parametrize("synced", [True, False], ids=["passkey", "key"])
def test_a_credential_keeps_to_what_it_was(alg: int, synced: bool) -> None:
    """Backup eligibility never changes (WebAuthn L3, 6.1.3); whether there is a backup may."""
    alice = enrolled(alg, synced=synced)
    change = Lies(flags_off=8 | 16) if synced else Lies(flags_on=8)
    assert _refused(alice, alice.body(change)) == "backup"
    assert alice.verified(alice.body()).backed_up is synced
    if synced:
        assert not alice.verified(alice.body(Lies(flags_off=16))).backed_up


@pytest.mark.parametrize("bit", [2, 32, 16])
def test_flags_without_a_meaning_are_refused(bit: int) -> None:
    """Reserved bits, and a backup of what cannot be backed up."""
    alice = enrolled()
    assert _refused(alice, alice.body(Lies(flags_on=bit))) == "flags"


def test_what_was_signed_for_one_purpose_serves_no_other() -> None:
    """A sign-in, an administrator's act, an approval: each under its own challenge."""
    alice = enrolled()
    acts = [
        ActBinding(purpose, b"n" * 32, "g_01", "alice", alice.credential.id, NOW, NOW + 60_000)
        for purpose in (Purpose.SIGN_IN, Purpose.ADMINISTER)
    ]
    bindings = [alice.binding, *acts]
    for signed in bindings:
        for used in bindings:
            body = alice.body(binding=signed)
            if signed is used:
                alice.verified(body, binding=used)
            else:
                assert _refused(alice, body, binding=used) == "challenge"


def test_an_answer_is_no_registration() -> None:
    """A binding that registers is judged by `register` alone."""
    alice = enrolled()
    body = alice.body(binding=replace(here.ENROLS))
    assert _refused(alice, body, binding=here.ENROLS) == "ceremony"
    with pytest.raises(EvidenceError) as refused:
        here.KEYS.register(alice.body(), alice.binding, NOW)  # type: ignore[arg-type]
    assert refused.value.reason == "ceremony"


def test_signing_in_takes_any_credential_of_the_person() -> None:
    """The page is given all of them; the answer names one, which the caller looks for among the person's own."""
    one, two = enrolled(), enrolled()
    binding = ActBinding(Purpose.SIGN_IN, b"n" * 32, "session", "alice", b"", NOW, NOW + 60_000)
    options = here.KEYS.assertion_options(binding, (one.credential, two.credential))
    body = here.posted(two.key.sign(options, kit.ORIGIN))
    assert here.KEYS.claimed_id(body) == two.credential.id
    two.verified(body, binding=binding)
    assert _refused(one, body, binding=binding) == "credential"


def test_a_damaged_stored_key_is_a_refusal() -> None:
    """py_webauthn answers with TypeError and IndexError (row 23)."""
    alice = enrolled()
    for cose in (b"", b"\xff", b"\x04", b"\xa0", b"\x00"):
        assert _refused(alice, alice.body(), credential=replace(alice.credential, cose=cose)) == "refused"
    other = enrolled(kit.ALGORITHMS["EdDSA"]).credential
    assert _refused(alice, alice.body(), credential=replace(alice.credential, spki=other.spki)) == "algorithm"
    assert _refused(alice, alice.body(), credential=replace(alice.credential, cose=other.cose)) == "refused"


def test_another_installations_credential_is_of_no_use() -> None:
    """Moved to another host, an installation registers its people anew."""
    alice = enrolled()
    moved = WebAuthnKeys(RelyingParty("mfa.example.net", "https://mfa.example.net"), "Example MFA")
    options = moved.assertion_options(alice.binding, (alice.credential,))
    with pytest.raises(BrowserError):
        alice.key.sign(options, "https://mfa.example.net")
    with pytest.raises(EvidenceError):
        moved.verify_assertion(alice.body(), alice.binding, alice.credential, 0, NOW)


def test_py_webauthn_is_asked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two independent verifiers must agree: what the library refuses is refused."""

    def refuse(**_: object) -> None:
        raise RuntimeError("a bug")

    alice = enrolled(ES256)
    monkeypatch.setattr(ceremonies.webauthn, "verify_authentication_response", refuse)
    assert _refused(alice, alice.body()) == "refused"
