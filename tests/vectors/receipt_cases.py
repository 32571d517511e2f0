"""The cases of receipts.json: right receipts, and those of attackers.

`reason` "submitter" is for the caller in the Pipeline: the receipt is right, but came through somebody else's
proceed. All other cases came through `agent`.
"""

import json
from typing import Any

from receipt_maker import (
    ALICE,
    BOB,
    HEADER,
    K2,
    NONCE,
    NOW,
    STRANGER,
    altered,
    claims,
    header,
    hmac_with_public_key,
    jws,
    other_spelling,
    sign,
)

from jenkins_mfa.core import receipt, signing_keys
from jenkins_mfa.core.receipt import Approver

RIGHT = sign(claims())
HEAD, BODY, SIGNATURE = RIGHT.split(".")
ANY = {"factor": None, "quorum": None}
ONE = {"factor": "totp", "quorum": None}
PUSH = Approver("carol", "push", 1764000400)
CLAIMS_TEXT = json.dumps(claims())

#: name → (receipt, reason or "" if it is right, changes of the expectations, of the time)
CASES: dict[str, tuple[str | None, str, dict[str, Any], int]] = {
    "right": (RIGHT, "", {}, 0),
    "right_nothing_asked": (RIGHT, "", ANY, 0),
    "right_other_key": (receipt.sign(claims(), kid="k2", key=K2), "", {}, 0),
    "right_header_order": (jws(dict(reversed(HEADER.items()))), "", {}, 0),
    "right_with_spaces_and_unicode": (
        jws(body=json.dumps(claims(), indent=2, ensure_ascii=False)),
        "",
        {},
        0,
    ),
    "right_unknown_claim": (sign(altered(later={"any": ["thing"]})), "", {}, 0),
    "right_second_audience": (sign(altered(aud=["mfa:target:vault", "mfa:source:main"])), "", {}, 0),
    "right_weaker_one_more": (sign(claims(approvers=[ALICE, PUSH, BOB])), "", {}, 0),
    "right_stronger_factor": (
        sign(claims(approvers=[Approver("eve", "webauthn", NOW)])),
        "",
        {"quorum": 1},
        0,
    ),
    "right_unknown_factor_one_more": (
        sign(claims(approvers=[ALICE, BOB, Approver("x", "dna", NOW)])),
        "",
        {},
        0,
    ),
    "right_break_glass": (sign(claims(break_glass=True)), "", {}, 0),
    "right_nobody_needed": (sign(claims(approvers=[])), "", ANY, 0),
    "right_pipeline_of_all_letters": (
        sign(claims(pipeline="тим/a b+c*d~e%2F_-.", run_id="9")),
        "",
        {"pipeline": "тим/a b+c*d~e%2F_-.", "run_id": "9"},
        0,
    ),
    "right_clock_30_s_behind": (RIGHT, "", {}, -32),
    "right_29_s_after_the_end": (RIGHT, "", {}, 598 + 29),
    "missing_null": (None, "missing", {}, 0),
    "missing_empty": ("", "missing", {}, 0),
    "too_large_100_kb": ("a" * 100_000, "too_large", {}, 0),
    "too_large_though_signed": (sign(altered(later="x" * 13_000)), "too_large", {}, 0),
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
    "other_spelling_of_the_signature": (other_spelling(RIGHT), "malformed", {}, 0),
    "truncated_by_one": (RIGHT[:-1], "malformed", {}, 0),
    "truncated_by_four": (RIGHT[:-4], "signature", {}, 0),
    "signature_missing": (f"{HEAD}.{BODY}.", "signature", {}, 0),
    "signature_of_another": (
        f"{HEAD}.{BODY}.{sign(claims(run_id='16')).split('.')[2]}",
        "signature",
        {},
        0,
    ),
    "claims_changed": (
        f"{HEAD}.{jws(body=altered(decision='approved', nonce='Mfa-0')).split('.')[1]}.{SIGNATURE}",
        "signature",
        {},
        0,
    ),
    "wrong_key": (receipt.sign(claims(), kid="k1", key=STRANGER), "signature", {}, 0),
    "key_of_another_kid": (receipt.sign(claims(), kid="k1", key=K2), "signature", {}, 0),
    "unknown_kid": (receipt.sign(claims(), kid="k3", key=STRANGER), "unknown_key", {}, 0),
    "kid_in_upper_case": (jws(header(kid="K1")), "unknown_key", {}, 0),
    "kid_as_path": (jws(header(kid="../k1")), "malformed", {}, 0),
    "kid_as_number": (jws(header(kid=1)), "malformed", {}, 0),
    "kid_missing": (jws(header(kid=None)), "header", {}, 0),
    "alg_none": (jws(header(alg="none"), signer=lambda _: b""), "algorithm", {}, 0),
    "alg_none_signed": (jws(header(alg="none")), "algorithm", {}, 0),
    "alg_hs256_with_public_key": (jws(header(alg="HS256"), signer=hmac_with_public_key), "algorithm", {}, 0),
    "alg_rs256": (jws(header(alg="RS256"), signer=lambda _: b"\1" * 256), "algorithm", {}, 0),
    "alg_in_lower_case": (jws(header(alg="eddsa")), "algorithm", {}, 0),
    "alg_missing": (jws(header(alg=None)), "header", {}, 0),
    "typ_jwt": (jws(header(typ="JWT")), "malformed", {}, 0),
    "typ_missing": (jws(header(typ=None)), "header", {}, 0),
    "header_with_jwk": (
        jws(header(jwk=signing_keys.jwks({"k1": STRANGER.public_key()})["keys"][0]), signer=STRANGER.sign),
        "header",
        {},
        0,
    ),
    "header_with_crit": (jws(header(crit=["exp"])), "header", {}, 0),
    "header_with_b64": (jws(header(b64=False)), "header", {}, 0),
    "header_key_twice": (
        jws('{"alg":"none","alg":"EdDSA","kid":"k1","typ":"mfa-receipt+jwt"}'),
        "malformed",
        {},
        0,
    ),
    "header_no_object": (jws("[]"), "malformed", {}, 0),
    "header_no_json": (jws("alg"), "malformed", {}, 0),
    "claims_no_object": (jws(body="[]"), "malformed", {}, 0),
    "claims_no_json": (jws(body="approved"), "malformed", {}, 0),
    "claims_key_twice": (
        jws(body=CLAIMS_TEXT.replace('"decision"', '"decision": "denied", "decision"')),
        "malformed",
        {},
        0,
    ),
    "claims_inner_key_twice": (
        jws(body=CLAIMS_TEXT.replace('"attempt"', '"id": "16", "attempt"')),
        "malformed",
        {},
        0,
    ),
    "claims_half_a_character": (
        jws(body=CLAIMS_TEXT.replace("mfa:example", "\\ud800")),
        "malformed",
        {},
        0,
    ),
    "version_2": (sign(altered(v=2)), "version", {}, 0),
    "version_true": (sign(altered(v=True)), "version", {}, 0),
    "version_missing": (sign(altered(v=None)), "version", {}, 0),
    "other_issuer": (sign(claims(issuer="mfa:dev")), "issuer", {}, 0),
    "other_source": (sign(claims(source="test")), "source", {}, 0),
    "other_source_in_audience": (sign(altered(aud=["mfa:source:test"])), "source", {}, 0),
    "other_source_beside": (sign(altered(source={"kind": "jenkins", "id": "test"})), "source", {}, 0),
    "audience_empty": (sign(altered(aud=[])), "source", {}, 0),
    "other_job": (sign(claims(pipeline="team two/deploy")), "run", {}, 0),
    "other_build": (sign(claims(run_id="16")), "run", {}, 0),
    "other_attempt": (sign(claims(attempt=2)), "run", {}, 0),
    "subject_of_another_build": (
        sign(altered(sub=receipt.subject("main", "team one/deploy", "16", 1))),
        "run",
        {},
        0,
    ),
    "other_gate": (sign(claims(nonce="Mfa-" + "f" * 32)), "gate", {}, 0),
    "other_nonce_by_case": (sign(claims(nonce=NONCE.upper())), "gate", {}, 0),
    "other_request": (sign(claims(request_sha256="0" * 64)), "request", {}, 0),
    "decision_denied": (sign(altered(decision="denied")), "decision", {}, 0),
    "future": (sign(claims(iat=NOW + 31, exp=NOW + 600)), "future", {}, 0),
    "future_by_the_clock": (RIGHT, "future", {}, -33),
    "expired": (RIGHT, "expired", {}, 598 + 30),
    "expired_long_ago": (RIGHT, "expired", {}, 86400),
    "lives_601_s": (sign(altered(exp=NOW - 2 + 601)), "lifetime", {}, 0),
    "ends_before_it_begins": (sign(altered(exp=NOW - 3)), "lifetime", {}, 0),
    "weaker_factor": (sign(claims(approvers=[PUSH])), "factor", ONE, 0),
    "weaker_factor_number": (
        sign(claims(approvers=[Approver("dan", "push+number", NOW)])),
        "factor",
        ONE,
        0,
    ),
    "unknown_factor": (sign(claims(approvers=[Approver("dan", "dna", NOW)])), "factor", ANY, 0),
    "fewer_approvers": (sign(claims(approvers=[ALICE])), "quorum", {}, 0),
    "fewer_strong_approvers": (sign(claims(approvers=[ALICE, PUSH])), "quorum", {}, 0),
    "one_approver_twice": (sign(altered(approvers=[claims()["approvers"][0]] * 2)), "twice", {}, 0),
    "one_approver_twice_by_two_factors": (
        sign(
            altered(
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
    "nobody_but_factor_asked": (sign(claims(approvers=[])), "unconfirmed", {"quorum": None}, 0),
    "nobody_but_quorum_asked": (
        sign(claims(approvers=[])),
        "unconfirmed",
        {"factor": None, "quorum": 1},
        0,
    ),
    "nobody_but_confirm_required": (sign(altered(approvers=[])), "malformed", ANY, 0),
    "somebody_but_confirm_none": (sign(altered(confirm="none")), "malformed", ANY, 0),
    "assurance_detected": (sign(altered(assurance="detected")), "malformed", {}, 0),
    "break_glass_as_text": (sign(altered(break_glass="true")), "malformed", {}, 0),
    "nonce_missing": (sign(altered(nonce=None)), "malformed", {}, 0),
    "exp_missing": (sign(altered(exp=None)), "malformed", {}, 0),
    "jti_missing": (sign(altered(jti=None)), "malformed", {}, 0),
    "aud_as_text": (sign(altered(aud="mfa:source:main")), "malformed", {}, 0),
    "exp_as_float": (sign(altered(exp=NOW + 598.5)), "malformed", {}, 0),
    "exp_as_text": (jws(body=altered(exp=str(NOW + 598))), "malformed", {}, 0),
    "exp_as_true": (jws(body=altered(exp=True)), "malformed", {}, 0),
    "run_id_as_number": (
        sign(altered(run={"pipeline": "team one/deploy", "id": 17, "attempt": 1})),
        "malformed",
        {},
        0,
    ),
    "attempt_as_true": (
        sign(altered(run={"pipeline": "team one/deploy", "id": "17", "attempt": True})),
        "malformed",
        {},
        0,
    ),
    "approvers_as_object": (sign(altered(approvers={"id": "alice"})), "malformed", {}, 0),
    "approver_without_id": (sign(altered(approvers=[{"factor": "totp", "at": NOW}])), "malformed", {}, 0),
    "submitter_other": (RIGHT, "submitter", {}, 0),
}
