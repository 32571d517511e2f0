"""The one cookie: who may do what on the pages for a few minutes, signed, and kept nowhere else.

It is no login to be stolen for later: an answer needs the key itself, each time.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import re
from dataclasses import dataclass

from jenkins_mfa.core import seal

LIFETIME = 600_000  #: ms at most
MOST = 1_024  #: characters of a cookie that is looked at
LABEL = "web-session/v1"
PAGE = "Mfa-Page"  #: the header with which a page says in which session it was shown

_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([0-9a-f]{64})")


class Purpose(enum.StrEnum):
    """What a session is for. All but the last are begun with a one-time address of the same name, the last by a key."""

    ENROL = "enrol"
    ANSWER = "answer"
    ACT = "act"
    OWN = "own"
    SIGNED_IN = "signed-in"


@dataclass(frozen=True, slots=True)
class Session:
    """`person` is a roster id. `about` is a gate's jti for ANSWER, a ticket's id for ENROL, ACT and OWN, else empty. It
    ends at `expires` (ms UTC).
    """

    purpose: Purpose
    person: str
    about: str
    expires: int


def write(session: Session, key: bytes, salt: str = "") -> str:
    """The cookie's value: the fields in base64url, a dot, their HMAC. `salt` is random, so that two which begin in one
    moment are two.
    """
    fields = "\n".join((session.purpose.value, session.person, session.about, str(session.expires), salt))
    text = base64.urlsafe_b64encode(fields.encode()).rstrip(b"=").decode()
    return f"{text}.{_mac(text, key)}"


def read(value: str, key: bytes, now: int) -> Session | None:
    """The session that `write` wrote, with the same key, if it has not ended at `now` (ms UTC); None for all else."""
    found = _PARTS.fullmatch(value) if len(value) <= MOST else None
    if found is None or not seal.check_mac(found[2], _mac(found[1], key)):
        return None
    try:
        raw = base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode()
        purpose, person, about, expires, _ = raw.split("\n")
        session = Session(Purpose(purpose), person, about, int(expires))
    except (ValueError, binascii.Error):
        return None
    return session if now < session.expires <= now + LIFETIME else None


def mark(value: str) -> str:
    """Names the session of a cookie's value on its pages, which say it with all that they send: a page never acts in
    the session that another tab has begun since. It is SHA-256, so that the page does not hold the cookie itself.
    """
    return hashlib.sha256(value.encode(errors="replace")).hexdigest()


def _mac(text: str, key: bytes) -> str:
    return seal.mac(seal.derive(key, "web-session"), LABEL, text)
