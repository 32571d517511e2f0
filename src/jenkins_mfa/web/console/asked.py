"""What a browser keeps while its person is at Slack to sign in: ten minutes, signed, and bound to this one browser.

`state`, `nonce` and the verifier follow from one random text, so that nothing is stored for strangers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jenkins_mfa.core import seal
from jenkins_mfa.web import signed

LIFETIME = 600_000  #: ms
LABEL = "console-sign-in/v1"
HOME = "/console"  #: where one gets who asked for nothing else
#: Pages of the console, with what they are asked: nothing that could lead out of it, as `..` does.
_INSIDE = re.compile(r"/console(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*(\?[A-Za-z0-9_.=&%+*-]*)?")
_MOST = 300  #: characters of a page's address


@dataclass(frozen=True, slots=True)
class Asked:
    """A sign-in that was begun at `at` (ms UTC) to get to the page `to`."""

    seed: str
    at: int
    to: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """What ties the answer to the question: `state` (RFC 6749, 10.12), `nonce` (OpenID Connect Core, 3.1.2.1) and the
    `verifier` (RFC 7636, 4.1), 64 characters each.
    """

    state: str
    nonce: str
    verifier: str


def write(asked: Asked, key: bytes) -> str:
    """The cookie's value."""
    return signed.pack(_key(key), LABEL, asked.seed, str(asked.at), asked.to)


def read(value: str, key: bytes, now: int) -> Asked | None:
    """What `write` wrote, while it lasts; None for all else."""
    try:
        seed, at, to = signed.unpack(_key(key), LABEL, value)
        asked = Asked(seed, int(at), inside(to))
    except ValueError:
        return None
    return asked if asked.at <= now < asked.at + LIFETIME else None


def secrets(asked: Asked, key: bytes) -> Secrets:
    """Those of this sign-in."""
    own = _key(key)
    return Secrets(*(seal.mac(own, f"console-{name}/v1", asked.seed) for name in ("state", "nonce", "verifier")))


def inside(to: str) -> str:
    """The page of the console that somebody wants; its first one for all else (no open redirect)."""
    return to if len(to) <= _MOST and _INSIDE.fullmatch(to) else HOME


def _key(key: bytes) -> bytes:
    return seal.derive(key, "console-sign-in")
