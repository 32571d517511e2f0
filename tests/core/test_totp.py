"""Codes: RFC 6238's own values, one use per step, one spelling per code."""

import base64
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core import totp

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "vectors" / "totp.json").read_text())
SEED = base64.b32encode(b"12345678901234567890").decode()
NOW = 1764000000
STEP = NOW // 30


def _code(step: int) -> str:
    return totp.code_at(SEED, step * 30)


def _refused(code: str, last_step: int = 0, now: int = NOW) -> str:
    with pytest.raises(totp.CodeRefusedError) as refused:
        totp.judge(seed=SEED, code=code, now=now, last_step=last_step)
    return refused.value.code


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: str(case["seconds"]))
def test_the_values_of_rfc_6238(case: dict[str, Any]) -> None:
    """Appendix B, SHA-1: the code belongs to its step."""
    seed = base64.b32encode(case["seed"].encode()).decode()
    assert totp.judge(seed=seed, code=case["code"], now=case["seconds"], last_step=0) == case["step"]


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_s2_one_step_of_drift_counts(drift: int) -> None:
    """S2: the step before and after pass, as themselves."""
    assert totp.judge(seed=SEED, code=_code(STEP + drift), now=NOW, last_step=0) == STEP + drift


@pytest.mark.parametrize("drift", [-10, -2])
def test_s2_more_drift_fails_and_hints_at_the_clock(drift: int) -> None:
    """S2: the window is never widened, but the person learns what is wrong."""
    assert _refused(_code(STEP + drift)) == "code_clock"


@pytest.mark.parametrize("drift", [-11, 2, 10, 11])
def test_codes_of_another_time_are_only_wrong(drift: int) -> None:
    """Beyond ten steps nothing is told; nor of a code that will be right soon, since whoever guessed it need only wait:
    each guess would be worth four.
    """
    assert _refused(_code(STEP + drift)) == "code_wrong"


def test_s1_a_code_is_accepted_once() -> None:
    """S1: its step is refused once it was used (RFC 6238, 5.2)."""
    used = totp.judge(seed=SEED, code=_code(STEP), now=NOW, last_step=0)
    assert _refused(_code(STEP), last_step=used) == "code_used"


def test_s1_code_n_after_code_n_plus_1_is_refused() -> None:
    """S1: all steps before the used one are refused too, though they lie in the window."""
    assert _refused(_code(STEP), last_step=STEP + 1) == "code_used"
    assert _refused(_code(STEP - 5), last_step=STEP) == "code_used"


def test_the_agents_clock_jumping_back_gives_nothing_back() -> None:
    """A used step stays used when `now` is earlier than it was."""
    assert _refused(_code(STEP), last_step=STEP, now=NOW - 30) == "code_used"


def test_a_code_that_fits_two_steps_uses_up_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the same six digits would pass twice."""
    monkeypatch.setattr(totp, "_codes", lambda _seed, present: [(present + d, "111111") for d in (-1, 0, 1)])
    assert totp.judge(seed=SEED, code="111111", now=NOW, last_step=STEP - 1) == STEP + 1


@pytest.mark.parametrize("spelling", ["{0}{1} {2}", "{0}{1}-{2}", " {0}{1}{2} "])
def test_spaces_and_dashes_are_fine(spelling: str) -> None:
    """Apps show the code in two groups."""
    code = _code(STEP)
    typed = spelling.format(code[:2], code[2:3], code[3:])
    assert totp.judge(seed=SEED, code=typed, now=NOW, last_step=0) == STEP


def test_other_digits_are_no_spelling_of_a_code() -> None:
    """Full-width, Arabic and superscript digits would make several codes of one (pyotp folds them)."""
    code = _code(STEP)
    for zero in (0xFF10, 0x0660, 0x1D7CE):
        assert _refused("".join(chr(zero + int(digit)) for digit in code)) == "code_malformed"
    assert _refused(f"{code}\n") == "code_malformed"
    assert _refused("²" + code[1:]) == "code_malformed"


@given(st.text(max_size=12) | st.text("0123456789 -", max_size=9))
def test_any_text_is_a_step_or_one_of_our_refusals(code: str) -> None:
    """Nothing else leaves it, and the text is in no error."""
    try:
        found: int | str = totp.judge(seed=SEED, code=code, now=NOW, last_step=0)
    except totp.CodeRefusedError as refused:
        found = refused.code
    assert found in {STEP - 1, STEP, STEP + 1, "code_malformed", "code_wrong", "code_clock"}


def test_s6_every_step_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """S6: also those after the one that matches; neither by `==` nor with an early end, which time would tell."""
    compare, compared = hmac.compare_digest, []

    def watched(expected: str, typed: str) -> bool:
        compared.append(expected)
        return compare(expected, typed)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    totp.judge(seed=SEED, code=_code(STEP - 1), now=NOW, last_step=0)
    assert compared == [_code(step) for step in range(STEP - totp.HINT, STEP + totp.DRIFT + 1)]


def test_s3_seeds_have_160_bits() -> None:
    """S3: a shorter or longer one is not taken."""
    assert totp.seed_text(b"12345678901234567890") == SEED
    for raw in (b"", b"1" * 19, b"1" * 32):
        with pytest.raises(ValueError):
            totp.seed_text(raw)
        with pytest.raises(ValueError):
            totp.code_at(base64.b32encode(raw).decode(), NOW)


def test_the_address_for_the_qr_code() -> None:
    """Issuer and account only; no padding that apps reject."""
    parts = urlsplit(totp.provisioning_uri(seed=SEED, issuer="jenkins-mfa", account="alice"))
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/jenkins-mfa:alice")
    assert parse_qs(parts.query) == {"secret": [SEED], "issuer": ["jenkins-mfa"]}
