"""What programs ask of the agent's pages, over real sockets: the public keys, and that a receipt counts once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from structlog.testing import capture_logs
from test_web_server import raw
from web_kit import Place, served

from desk_world import World
from fakes import KEYS
from jenkins_mfa.core.consumers import Consumer, digest
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.signing_keys import public_from_jwks
from jenkins_mfa.errors import StoreUnavailableError, StoreUncertainError
from jenkins_mfa.web.rates import Rates

SECRET, OTHER = "p" * 32, "o" * 32
CONSUMERS = (
    Consumer("prod", digest(SECRET), ("main",), Globs(("*",)), ("production",)),
    Consumer("other", digest(OTHER), ("main",), Globs(("*",)), ("production",)),
)
TOKEN = "a" * 22
BURST = 20  #: requests of one consumer at once


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


class Target:
    """A deploy target: a program with a secret, and the receipt of a build that was let on."""

    def __init__(self, place: Place, world: World) -> None:
        self.place = place
        self.world = world
        self.receipt = world.source.receipts[-1]

    def redeem(
        self, body: Any = None, *, secret: str = SECRET, token: str = TOKEN, **headers: str
    ) -> requests.Response:
        sent = {"v": 1, "receipt": self.receipt, "token": token} if body is None else body
        known = {"Authorization": f"Bearer {secret}"} if secret else {}
        url = f"{self.place.settings.url}/v1/receipts/redeem"
        return requests.post(url, json=sent, headers={**known, **headers}, timeout=10)


@pytest.fixture
def target() -> Iterator[Target]:
    world = World()
    world.open()
    world.tap("alice")
    world.deliver()
    with served(world.desk, consumers=CONSUMERS) as place:
        yield Target(place, world)


def test_a_receipt_is_redeemed_and_tells_its_facts(target: Target) -> None:
    """200: by whom, when, and all that the target may look at."""
    found = target.redeem()
    told = found.json()
    assert (found.status_code, found.headers["Cache-Control"]) == (200, "no-store")
    assert (told["v"], told["redeemed"], told["by"], told["at"]) == (1, True, "prod", "2025-11-24T16:00:00.000Z")
    assert told["receipt"]["request"]["environment"] == "production"
    assert (told["receipt"]["run"], told["receipt"]["approvers"][0]["id"]) == ("17", "alice")
    assert "Set-Cookie" not in found.headers
    assert target.receipt not in found.text


def test_asked_again_with_the_same_token_it_is_the_same_yes(target: Target) -> None:
    """A lost answer leads neither to a second deploy nor to a refusal."""
    assert target.redeem().json() == target.redeem().json()


def test_another_token_or_another_consumer_reads_by_whom_and_when(target: Target) -> None:
    """409."""
    target.redeem()
    for asked in (target.redeem(token="b" * 22), target.redeem(secret=OTHER)):
        told = asked.json()
        assert (asked.status_code, told["redeemed"], told["reason"]) == (409, False, "redeemed")
        assert (told["by"], told["at"]) == ("prod", "2025-11-24T16:00:00.000Z")
        assert told["text"] == "The receipt was redeemed before, by prod, 2025-11-24T16:00:00.000Z. Each counts once."


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"for": {"run": "18"}}, 403, "run"),
        ({"for": {"environment": "staging"}}, 403, "environment"),
        ({"receipt": "a.b.c"}, 403, "malformed"),
        ({"token": "short"}, 400, "unreadable"),
        ({"more": 1}, 400, "unreadable"),
    ],
    ids=["run", "environment", "no_receipt", "token", "unknown_key"],
)
def test_a_no_has_a_status_a_reason_and_a_sentence(
    target: Target, body: dict[str, Any], status: int, reason: str
) -> None:
    """403: this receipt lets nothing pass here; 400: the body is none."""
    found = target.redeem({"v": 1, "receipt": target.receipt, "token": TOKEN, **body})
    told = found.json()
    assert (found.status_code, told["redeemed"], told["reason"]) == (status, False, reason)
    assert told["text"].endswith(".")
    assert target.receipt not in found.text
    assert target.redeem().status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": "Bearer "},
        {"Authorization": SECRET},
    ],
    ids=["none", "wrong", "basic", "empty", "bare"],
)
def test_s16_without_the_consumers_secret_nothing_is_told(target: Target, headers: dict[str, str]) -> None:
    """The same words whatever is wrong, also for what was redeemed already, and for a body that is none."""
    target.redeem()
    for body in (None, {"v": 1}, []):
        found = target.redeem(body, secret="", **headers)
        assert (found.status_code, found.text) == (401, "jenkins-mfa: not possible.\n")
        assert found.headers["WWW-Authenticate"] == "Bearer"
    assert [one.entry.event for one in target.world.store.trail].count("receipt:refused") == 0


def test_s16_a_secret_given_twice_is_nobodys(target: Target) -> None:
    """Two headers could be read differently by a proxy and by us."""
    head = f"POST /v1/receipts/redeem HTTP/1.1\r\nHost: {target.place.settings.authority}\r\n"
    head += f"Authorization: Bearer {SECRET}\r\n" * 2 + "Content-Length: 0\r\nConnection: close\r\n\r\n"
    assert raw(target.place, head.encode()).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "header",
    [{"Origin": "https://evil.example.com"}, {"Cookie": "mfa=x"}, {"Sec-Fetch-Site": "same-origin"}],
    ids=["origin", "cookie", "fetch"],
)
def test_a_browser_has_no_business_there(target: Target, header: dict[str, str]) -> None:
    """Not even our own page's: no cookie opens it, and no site can make a browser try secrets."""
    assert target.redeem(**header).status_code == 403
    assert target.place.browser.post("/v1/receipts/redeem", {}).status_code == 403


def test_s15_a_body_beyond_the_limit_is_not_read(target: Target) -> None:
    """A whole receipt of 16 KiB fits; other pages keep to their own limit."""
    most = {"v": 1, "receipt": "r" * 16 * 1024, "token": TOKEN}
    assert target.redeem(most).status_code == 403
    assert target.redeem({**most, "receipt": "r" * 32 * 1024}).status_code == 413
    assert target.place.browser.post("/open", {"token": "t" * 17 * 1024}).status_code == 413


def test_s17_where_nobody_knows_it_says_so_and_the_same_token_finds_out(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 for a store that is away, and for an answer of it that was lost after the effect."""
    commit = target.world.store.commit

    def lost(wanted: Any) -> None:
        commit(wanted)
        raise StoreUncertainError("the answer of secret-host was lost")

    monkeypatch.setattr(target.world.store, "commit", lost)
    found = target.redeem()
    assert (found.status_code, found.json()["reason"], found.headers["Retry-After"]) == (503, "not_known", "1")
    assert "secret-host" not in found.text
    monkeypatch.undo()
    assert target.redeem().json()["at"] == "2025-11-24T16:00:00.000Z"
    assert target.redeem(token="b" * 22).status_code == 409


def test_each_consumer_has_a_budget_of_its_own(target: Target) -> None:
    """429 with Retry-After; strangers share one, and use up nobody else's."""
    target.place.site.rates.consumer.clock = lambda: 1.0
    assert {target.redeem(secret="x").status_code for _ in range(BURST)} == {401}
    assert target.redeem(secret="x").status_code == 429
    assert {target.redeem().status_code for _ in range(BURST)} == {200}
    refused = target.redeem()
    assert (refused.status_code, refused.headers["Retry-After"], refused.json()["reason"]) == (429, "1", "too_often")
    assert target.redeem(secret=OTHER).status_code == 409
    target.place.site.rates.consumer.clock = lambda: 2.0
    assert target.redeem().status_code == 200


def test_a_budget_fills_up_to_its_burst() -> None:
    """One a second, however long nothing was asked."""
    now = 0.0
    budget = Rates().consumer
    budget.clock = lambda: now

    def take(at: float) -> bool:
        nonlocal now
        now = at
        return not budget.wait("a")

    taken = [take(0.0) for _ in range(BURST + 1)]
    assert taken == [True] * BURST + [False]
    assert [take(1.0), take(1.5), take(2.0)] == [True, False, True]
    assert [take(10_000.0) for _ in range(BURST + 1)] == taken


def test_s12_no_log_holds_a_receipt_a_token_or_a_secret(target: Target) -> None:
    """Of what was taken, refused, unreadable and unknown."""
    with capture_logs() as logged:
        target.redeem()
        target.redeem(token="b" * 22)
        target.redeem({"v": 1, "receipt": target.receipt, "token": TOKEN, "for": {"run": "18"}})
        target.redeem({"token": TOKEN})
        target.redeem(secret="wrong-secret")
    said = repr(logged)
    assert {one["event"] for one in logged} >= {"receipt redeemed", "receipt not redeemed", "a consumer was not known"}
    for secret in (*target.receipt.split("."), TOKEN, "b" * 22, SECRET, "wrong-secret"):
        assert secret not in said


def test_without_consumers_nothing_is_redeemed(place: Place) -> None:
    """There is no such page then."""
    url = f"{place.settings.url}/v1/receipts/redeem"
    assert requests.post(url, json={}, headers={"Authorization": "Bearer "}, timeout=10).status_code == 404
