"""The cases of receipts.json: right receipts, and those of attackers. The keys are for tests only and fixed.

`reason` "submitter" is for the caller in the Pipeline: the receipt is right, but came through somebody else's
proceed. All other cases came through `agent`.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from request_cases import BASE, FULL

from jenkins_mfa.core import receipt, request, signing_keys
from jenkins_mfa.core.receipt import Approver, RefusedReceipt

AGENT = "mfa-agent"
NOW = 1764000552
TEXT = request.build_text({**BASE, **FULL})
SHA = request.digest(TEXT)
NONCE = "Mfa-" + "0123456789abcdef" * 2
HEADER = {"alg": "EdDSA", "kid": "k1", "typ": "mfa-receipt+jwt"}
ALICE, BOB = Approver("alice", "totp", 1764000300), Approver("bob", "totp", 1764000550)
EXPECT: dict[str, Any] = {
    "issuer": "mfa:example",
    "source": "main",
    "pipeline": "team one/deploy",
    "run_id": "17",
    "attempt": 1,
    "nonce": NONCE,
    "request_sha256": SHA,
    "factor": "totp",
    "quorum": 2,
}


def _key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"jenkins-mfa test key {name}".encode()).digest())


K1, K2, STRANGER = _key("k1"), _key("k2"), _key("stranger")
KEYS = {"k1": K1.public_key(), "k2": K2.public_key()}


def _claims(**changes: Any) -> dict[str, Any]:
    """What the agent signs for the gate of EXPECT; `changes` replace arguments of `claims_for`."""
    arguments: dict[str, Any] = {
        "issuer": "mfa:example",
        "kind": "jenkins",
        "source": "main",
        "pipeline": "team one/deploy",
        "run_id": "17",
        "attempt": 1,
        "jti": "g_8f2c61d07b3e4a5f9c0d1e2f3a4b5c6d.1",
        "iat": NOW - 2,
        "exp": NOW + 598,
        "nonce": NONCE,
        "approvers": [ALICE, BOB],
        "rules": ["production-two"],
        "policy_sha256": "ab" * 32,
        "audit_seq": 4711,
        "audit_head": "9c1e" * 16,
        "request": request.without_number(request.parse(TEXT)),
        "request_sha256": SHA,
    }
    return receipt.claims_for(**{**arguments, **changes})


def _with(**changes: Any) -> dict[str, Any]:
    """The same claims with some replaced as they stand; None leaves one out."""
    return {name: value for name, value in {**_claims(), **changes}.items() if value is not None}


def _sign(claims: dict[str, Any]) -> str:
    return receipt.sign(claims, kid="k1", key=K1)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _jws(header: Any = HEADER, claims: Any = None, sign: Callable[[bytes], bytes] = K1.sign) -> str:
    """A JWS made by hand; `header` and `claims` are written as JSON unless they are text already."""
    parts = [
        part if isinstance(part, str) else json.dumps(part)
        for part in (header, _claims() if claims is None else claims)
    ]
    signed = ".".join(_b64(part.encode()) for part in parts)
    return f"{signed}.{_b64(sign(signed.encode()))}"


def _header(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**HEADER, **changes}.items() if value is not None}


def _hmac_with_public_key(signed: bytes) -> bytes:
    return hmac.new(signing_keys.spki(KEYS["k1"]).encode(), signed, hashlib.sha256).digest()


def _other_spelling(token: str) -> str:
    """The same bytes in another base64url: the last character's unused bits are set (64 bytes leave four)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


RIGHT = _sign(_claims())
HEAD, BODY, SIGNATURE = RIGHT.split(".")
ANY = {"factor": None, "quorum": None}
ONE = {"factor": "totp", "quorum": None}
PUSH = Approver("carol", "push", 1764000400)
CLAIMS_TEXT = json.dumps(_claims())

#: name → (receipt, reason or "" if it is right, changes of the expectations, of the time)
CASES: dict[str, tuple[str | None, str, dict[str, Any], int]] = {
    "right": (RIGHT, "", {}, 0),
    "right_nothing_asked": (RIGHT, "", ANY, 0),
    "right_other_key": (receipt.sign(_claims(), kid="k2", key=K2), "", {}, 0),
    "right_header_order": (_jws(dict(reversed(HEADER.items()))), "", {}, 0),
    "right_with_spaces_and_unicode": (
        _jws(claims=json.dumps(_claims(), indent=2, ensure_ascii=False)),
        "",
        {},
        0,
    ),
    "right_unknown_claim": (_sign(_with(later={"any": ["thing"]})), "", {}, 0),
    "right_second_audience": (_sign(_with(aud=["mfa:target:vault", "mfa:source:main"])), "", {}, 0),
    "right_weaker_one_more": (_sign(_claims(approvers=[ALICE, PUSH, BOB])), "", {}, 0),
    "right_stronger_factor": (
        _sign(_claims(approvers=[Approver("eve", "webauthn", NOW)])),
        "",
        {"quorum": 1},
        0,
    ),
    "right_unknown_factor_one_more": (
        _sign(_claims(approvers=[ALICE, BOB, Approver("x", "dna", NOW)])),
        "",
        {},
        0,
    ),
    "right_break_glass": (_sign(_claims(break_glass=True)), "", {}, 0),
    "right_nobody_needed": (_sign(_claims(approvers=[])), "", ANY, 0),
    "right_pipeline_of_all_letters": (
        _sign(_claims(pipeline="тим/a b+c*d~e%2F_-.", run_id="9")),
        "",
        {"pipeline": "тим/a b+c*d~e%2F_-.", "run_id": "9"},
        0,
    ),
    "right_clock_30_s_behind": (RIGHT, "", {}, -32),
    "right_29_s_after_the_end": (RIGHT, "", {}, 598 + 29),
    "missing_null": (None, "missing", {}, 0),
    "missing_empty": ("", "missing", {}, 0),
    "too_large_100_kb": ("a" * 100_000, "too_large", {}, 0),
    "too_large_though_signed": (_sign(_with(later="x" * 13_000)), "too_large", {}, 0),
    "unicode": ("квитанция.🚀.подпись", "malformed", {}, 0),
    "unicode_digits": (RIGHT.replace(HEAD, "１" * 8), "malformed", {}, 0),
    "space_around": (f" {RIGHT}", "malformed", {}, 0),
    "newline_at_end": (f"{RIGHT}\n", "malformed", {}, 0),
    "one_part": (HEAD, "malformed", {}, 0),
    "two_parts": (f"{HEAD}.{BODY}", "malformed", {}, 0),
    "two_dots_too_many": (f"{RIGHT}..", "malformed", {}, 0),
    "only_dots": ("..", "malformed", {}, 0),
    "padding": (f"{RIGHT}==", "malformed", {}, 0),
    "plain_base64": (RIGHT.replace("_", "/").replace("-", "+"), "malformed", {}, 0),
    "other_spelling_of_the_signature": (_other_spelling(RIGHT), "malformed", {}, 0),
    "truncated_by_one": (RIGHT[:-1], "malformed", {}, 0),
    "truncated_by_four": (RIGHT[:-4], "signature", {}, 0),
    "signature_missing": (f"{HEAD}.{BODY}.", "signature", {}, 0),
    "signature_of_another": (
        f"{HEAD}.{BODY}.{_sign(_claims(run_id='16')).split('.')[2]}",
        "signature",
        {},
        0,
    ),
    "claims_changed": (
        f"{HEAD}.{_jws(claims=_with(decision='approved', nonce='Mfa-0')).split('.')[1]}.{SIGNATURE}",
        "signature",
        {},
        0,
    ),
    "wrong_key": (receipt.sign(_claims(), kid="k1", key=STRANGER), "signature", {}, 0),
    "key_of_another_kid": (receipt.sign(_claims(), kid="k1", key=K2), "signature", {}, 0),
    "unknown_kid": (receipt.sign(_claims(), kid="k3", key=STRANGER), "unknown_key", {}, 0),
    "kid_in_upper_case": (_jws(_header(kid="K1")), "unknown_key", {}, 0),
    "kid_as_path": (_jws(_header(kid="../k1")), "malformed", {}, 0),
    "kid_as_number": (_jws(_header(kid=1)), "malformed", {}, 0),
    "kid_missing": (_jws(_header(kid=None)), "header", {}, 0),
    "alg_none": (_jws(_header(alg="none"), sign=lambda _: b""), "algorithm", {}, 0),
    "alg_none_signed": (_jws(_header(alg="none")), "algorithm", {}, 0),
    "alg_hs256_with_public_key": (_jws(_header(alg="HS256"), sign=_hmac_with_public_key), "algorithm", {}, 0),
    "alg_rs256": (_jws(_header(alg="RS256"), sign=lambda _: b"\1" * 256), "algorithm", {}, 0),
    "alg_in_lower_case": (_jws(_header(alg="eddsa")), "algorithm", {}, 0),
    "alg_missing": (_jws(_header(alg=None)), "header", {}, 0),
    "typ_jwt": (_jws(_header(typ="JWT")), "malformed", {}, 0),
    "typ_missing": (_jws(_header(typ=None)), "header", {}, 0),
    "header_with_jwk": (
        _jws(_header(jwk=signing_keys.jwks({"k1": STRANGER.public_key()})["keys"][0]), sign=STRANGER.sign),
        "header",
        {},
        0,
    ),
    "header_with_crit": (_jws(_header(crit=["exp"])), "header", {}, 0),
    "header_with_b64": (_jws(_header(b64=False)), "header", {}, 0),
    "header_key_twice": (
        _jws('{"alg":"none","alg":"EdDSA","kid":"k1","typ":"mfa-receipt+jwt"}'),
        "malformed",
        {},
        0,
    ),
    "header_no_object": (_jws("[]"), "malformed", {}, 0),
    "header_no_json": (_jws("alg"), "malformed", {}, 0),
    "claims_no_object": (_jws(claims="[]"), "malformed", {}, 0),
    "claims_no_json": (_jws(claims="approved"), "malformed", {}, 0),
    "claims_key_twice": (
        _jws(claims=CLAIMS_TEXT.replace('"decision"', '"decision": "denied", "decision"')),
        "malformed",
        {},
        0,
    ),
    "claims_inner_key_twice": (
        _jws(claims=CLAIMS_TEXT.replace('"attempt"', '"id": "16", "attempt"')),
        "malformed",
        {},
        0,
    ),
    "claims_half_a_character": (
        _jws(claims=CLAIMS_TEXT.replace("mfa:example", "\\ud800")),
        "malformed",
        {},
        0,
    ),
    "version_2": (_sign(_with(v=2)), "version", {}, 0),
    "version_true": (_sign(_with(v=True)), "version", {}, 0),
    "version_missing": (_sign(_with(v=None)), "version", {}, 0),
    "other_issuer": (_sign(_claims(issuer="mfa:dev")), "issuer", {}, 0),
    "other_source": (_sign(_claims(source="test")), "source", {}, 0),
    "other_source_in_audience": (_sign(_with(aud=["mfa:source:test"])), "source", {}, 0),
    "other_source_beside": (_sign(_with(source={"kind": "jenkins", "id": "test"})), "source", {}, 0),
    "audience_empty": (_sign(_with(aud=[])), "source", {}, 0),
    "other_job": (_sign(_claims(pipeline="team two/deploy")), "run", {}, 0),
    "other_build": (_sign(_claims(run_id="16")), "run", {}, 0),
    "other_attempt": (_sign(_claims(attempt=2)), "run", {}, 0),
    "subject_of_another_build": (
        _sign(_with(sub=receipt.subject("main", "team one/deploy", "16", 1))),
        "run",
        {},
        0,
    ),
    "other_gate": (_sign(_claims(nonce="Mfa-" + "f" * 32)), "gate", {}, 0),
    "other_nonce_by_case": (_sign(_claims(nonce=NONCE.upper())), "gate", {}, 0),
    "other_request": (_sign(_claims(request_sha256="0" * 64)), "request", {}, 0),
    "decision_denied": (_sign(_with(decision="denied")), "decision", {}, 0),
    "future": (_sign(_claims(iat=NOW + 31, exp=NOW + 600)), "future", {}, 0),
    "future_by_the_clock": (RIGHT, "future", {}, -33),
    "expired": (RIGHT, "expired", {}, 598 + 30),
    "expired_long_ago": (RIGHT, "expired", {}, 86400),
    "lives_601_s": (_sign(_with(exp=NOW - 2 + 601)), "lifetime", {}, 0),
    "ends_before_it_begins": (_sign(_with(exp=NOW - 3)), "lifetime", {}, 0),
    "weaker_factor": (_sign(_claims(approvers=[PUSH])), "factor", ONE, 0),
    "weaker_factor_number": (
        _sign(_claims(approvers=[Approver("dan", "push+number", NOW)])),
        "factor",
        ONE,
        0,
    ),
    "unknown_factor": (_sign(_claims(approvers=[Approver("dan", "dna", NOW)])), "factor", ANY, 0),
    "fewer_approvers": (_sign(_claims(approvers=[ALICE])), "quorum", {}, 0),
    "fewer_strong_approvers": (_sign(_claims(approvers=[ALICE, PUSH])), "quorum", {}, 0),
    "one_approver_twice": (_sign(_with(approvers=[_claims()["approvers"][0]] * 2)), "twice", {}, 0),
    "one_approver_twice_by_two_factors": (
        _sign(
            _with(
                approvers=[
                    {"id": "alice", "factor": "totp", "at": NOW},
                    {"id": "alice", "factor": "push", "at": NOW},
                ]
            )
        ),
        "twice",
        {"quorum": 1},
        0,
    ),
    "nobody_but_factor_asked": (_sign(_claims(approvers=[])), "unconfirmed", {"quorum": None}, 0),
    "nobody_but_quorum_asked": (
        _sign(_claims(approvers=[])),
        "unconfirmed",
        {"factor": None, "quorum": 1},
        0,
    ),
    "nobody_but_confirm_required": (_sign(_with(approvers=[])), "malformed", ANY, 0),
    "somebody_but_confirm_none": (_sign(_with(confirm="none")), "malformed", ANY, 0),
    "assurance_detected": (_sign(_with(assurance="detected")), "malformed", {}, 0),
    "break_glass_as_text": (_sign(_with(break_glass="true")), "malformed", {}, 0),
    "nonce_missing": (_sign(_with(nonce=None)), "malformed", {}, 0),
    "exp_missing": (_sign(_with(exp=None)), "malformed", {}, 0),
    "jti_missing": (_sign(_with(jti=None)), "malformed", {}, 0),
    "aud_as_text": (_sign(_with(aud="mfa:source:main")), "malformed", {}, 0),
    "exp_as_float": (_sign(_with(exp=NOW + 598.5)), "malformed", {}, 0),
    "exp_as_text": (_jws(claims=_with(exp=str(NOW + 598))), "malformed", {}, 0),
    "exp_as_true": (_jws(claims=_with(exp=True)), "malformed", {}, 0),
    "run_id_as_number": (
        _sign(_with(run={"pipeline": "team one/deploy", "id": 17, "attempt": 1})),
        "malformed",
        {},
        0,
    ),
    "attempt_as_true": (
        _sign(_with(run={"pipeline": "team one/deploy", "id": "17", "attempt": True})),
        "malformed",
        {},
        0,
    ),
    "approvers_as_object": (_sign(_with(approvers={"id": "alice"})), "malformed", {}, 0),
    "approver_without_id": (_sign(_with(approvers=[{"factor": "totp", "at": NOW}])), "malformed", {}, 0),
    "submitter_other": (RIGHT, "submitter", {}, 0),
}


def receipts() -> dict[str, Any]:
    """receipts.json: the pinned keys, the agent's user id, and each case with all its expectations."""
    keys = {kid: {"alg": signing_keys.ALGORITHM, "spki": signing_keys.spki(key)} for kid, key in KEYS.items()}
    return {"agent": AGENT, "keys": keys, "cases": [_case(name, *case) for name, case in CASES.items()]}


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
