"""Time-based codes: RFC 6238 with SHA-1, six digits and steps of 30 s, which is what authenticator apps take.

`judge` keeps nothing: the caller commits the step that it returns together with the answer, so that this step and
all before it are refused from then on (S1).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re

import pyotp

from jenkins_mfa.errors import JenkinsMfaError

STEP = 30  #: seconds (RFC 6238, 5.2)
DRIFT = 1  #: steps back and forth that count (S2); never widened
HINT = 10  #: steps back in which a code is told to be of another time; it fails all the same
SEED_BYTES = 20  #: 160 bits (RFC 4226, R6); longer ones need padding in the address, which some apps refuse


class CodeRefusedError(JenkinsMfaError):
    """A code does not count. `code` is stable and says why.

    code_malformed (no guess, so it is not to be counted), code_wrong, code_used, or code_clock (a code that was right
    some minutes ago: the phone's clock is off). Of a code that will be right soon nothing is told: whoever guessed it
    would only have to wait.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def judge(*, seed: str, code: str, now: int, last_step: int) -> int:
    """The time step of which `code` is.

    `seed` is base32, `now` Unix seconds, `last_step` the newest step that was used (0 if none).
    Raises CodeRefusedError; ValueError for a seed that is none.
    """
    typed = digits(code)
    if not typed:
        raise CodeRefusedError("code_malformed")
    present = now // STEP
    near = far = used = 0
    for step, expected in _codes(seed, present):
        # Every step is looked at and compared in constant time: how long it takes tells nothing (S6).
        match = hmac.compare_digest(expected, typed)
        close = abs(step - present) <= DRIFT
        near = step if match and close and step > last_step else near
        used = step if match and step <= last_step else used
        far = step if match and not close else far
    # A code that fits two steps counts for the later one, so that both are used up.
    if near:
        return near
    raise CodeRefusedError("code_used" if used else "code_clock" if far else "code_wrong")


def digits(typed: str) -> str:
    """The six digits that somebody typed, without spaces and dashes; empty where it is anything else.

    Full-width and other digits are not folded into ASCII: one code, one spelling.
    """
    found = re.sub(r"[ -]", "", typed)
    return found if re.fullmatch(r"[0-9]{6}", found) else ""


def code_at(seed: str, now: int) -> str:
    """The six digits that an app shows for `seed` (base32) at `now` (Unix seconds)."""
    return _generator(seed).generate_otp(now // STEP)


def seed_text(raw: bytes) -> str:
    """SEED_BYTES random bytes as a seed in base32. Raises ValueError for another length (S3)."""
    if len(raw) != SEED_BYTES:
        raise ValueError(f"a seed has {SEED_BYTES} bytes")
    return base64.b32encode(raw).decode()


def provisioning_uri(*, seed: str, issuer: str, account: str) -> str:
    """The otpauth address for a QR code: issuer and account only, since apps ignore or refuse other members."""
    return _generator(seed).provisioning_uri(name=account, issuer_name=issuer)


def _codes(seed: str, present: int) -> list[tuple[int, str]]:
    generator = _generator(seed)
    return [(step, generator.generate_otp(step)) for step in range(max(0, present - HINT), present + DRIFT + 1)]


def _generator(seed: str) -> pyotp.TOTP:
    try:
        raw = base64.b32decode(seed)
    except binascii.Error:
        raise ValueError("a seed is base32") from None
    if len(raw) != SEED_BYTES:
        raise ValueError(f"a seed has {SEED_BYTES} bytes")
    return pyotp.TOTP(seed)
