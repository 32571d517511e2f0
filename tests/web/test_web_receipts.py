"""What programs ask of the agent's pages: the public keys."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from web_kit import Place

from fakes import KEYS
from jenkins_mfa.core.signing_keys import public_from_jwks
from jenkins_mfa.errors import StoreUnavailableError


def test_the_key_set_is_served_to_whoever_asks_and_may_be_kept(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a session, also while the store is away; for as long as a receipt lives."""

    def away() -> int:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(place.desk.store, "now", away)
    found = place.browser.get("/.well-known/jwks.json")
    assert (found.status_code, found.headers["Content-Type"]) == (200, "application/jwk-set+json")
    assert found.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in found.headers
    assert public_from_jwks(found.content) == {"k1": KEYS.signing[0].public}


def test_the_key_set_tells_nothing_else(place: Place) -> None:
    """The public half, its name, what it is for: no state, no times, no installation."""
    (key,) = place.browser.get("/.well-known/jwks.json").json()["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}


def test_a_key_that_has_ended_is_not_in_the_key_set(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one that ends while the agent runs."""
    ended = replace(KEYS.signing[0], not_after=int(time.time()))
    monkeypatch.setattr(place.desk.keys, "signing", (ended,))
    assert place.browser.get("/.well-known/jwks.json").json() == {"keys": []}
