"""The one cookie: who may do what on the pages for a few minutes, signed, and kept nowhere else.

It is no login to be stolen for later: an answer needs the key itself, each time.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass

from jenkins_mfa.core import seal
from jenkins_mfa.web import signed

LIFETIME = 600_000  #: ms at most
LABEL = "web-session/v1"
PAGE = "Mfa-Page"  #: the header with which a page says in which session it was shown


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
    """The cookie's value. `salt` is random, so that two which begin in one moment are two."""
    fields = (session.purpose.value, session.person, session.about, str(session.expires), salt)
    return signed.pack(_key(key), LABEL, *fields)


def read(value: str, key: bytes, now: int) -> Session | None:
    """The session that `write` wrote, with the same key, if it has not ended at `now` (ms UTC); None for all else."""
    try:
        purpose, person, about, expires, _ = signed.unpack(_key(key), LABEL, value)
        session = Session(Purpose(purpose), person, about, int(expires))
    except ValueError:
        return None
    return session if now < session.expires <= now + LIFETIME else None


def mark(value: str) -> str:
    """Names the session of a cookie's value on its pages, which say it with all that they send: a page never acts in
    the session that another tab has begun since. It is SHA-256, so that the page does not hold the cookie itself.
    """
    return hashlib.sha256(value.encode(errors="replace")).hexdigest()


def _key(key: bytes) -> bytes:
    return seal.derive(key, "web-session")
