"""docs/openapi.json is what programs get: the routes that there are, and answers of the form that it names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
from starlette.routing import Route
from test_web_receipts import CONSUMERS, SECRET, TOKEN
from web_kit import Place, served

from desk_world import World
from jenkins_mfa.errors import StoreUnavailableError
from jenkins_mfa.web.app import application

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
REDEEM = "/v1/receipts/redeem"


@pytest.fixture
def world() -> World:
    made = World()
    made.open()
    made.tap("alice")
    made.deliver()
    return made


@pytest.fixture
def place(world: World) -> Iterator[Place]:
    with served(world.desk, consumers=CONSUMERS) as made:
        yield made


def test_each_route_for_programs_is_in_the_document_and_the_other_way_round(place: Place) -> None:
    """With its method; what only pages ask for is not."""
    routes = {route.path: route for route in application(place.site).routes if isinstance(route, Route)}
    for_programs = {path for path in routes if path.startswith(("/v1/", "/.well-known/")) or path.endswith("z")}
    assert for_programs == set(DOCUMENT["paths"])
    for path, methods in DOCUMENT["paths"].items():
        assert {method.upper() for method in methods} == set(routes[path].methods or ()) - {"HEAD"}


def held(answer: requests.Response, path: str, method: str = "get") -> int:
    """The status, after the answer was held to what the document says of it."""
    found = DOCUMENT["paths"][path][method]["responses"][str(answer.status_code)]
    kind = answer.headers["Content-Type"].partition(";")[0]
    schema = found["content"][kind]["schema"]
    value = answer.text if kind == "text/plain" else answer.json()
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(value)
    assert all(name in answer.headers for name in found.get("headers", {})) or kind == "text/plain"
    return answer.status_code


def test_what_is_asked_without_a_secret(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the store is away."""
    for path in ("/livez", "/readyz", "/.well-known/jwks.json"):
        assert held(place.browser.get(path), path) == 200

    def away() -> int:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(place.desk.store, "now", away)
    assert held(place.browser.get("/readyz"), "/readyz") == 503
    place.crew.failed.set()
    assert held(place.browser.get("/livez"), "/livez") == 503
    place.crew.failed.clear()


def test_each_answer_to_a_redemption(place: Place, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """From yes to nobody knows."""
    receipt = world.source.receipts[-1]
    right: dict[str, Any] = {"v": 1, "receipt": receipt, "token": TOKEN}

    def ask(body: Any, secret: str = SECRET, **more: str) -> int:
        said = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", **more}
        raw = body if isinstance(body, str) else json.dumps(body)
        return held(requests.post(place.settings.url + REDEEM, raw, headers=said, timeout=10), REDEEM, "post")

    assert ask(right) == 200
    assert ask(right | {"token": "b" * 22}) == 409
    assert ask(right | {"for": {"environment": "staging"}}) == 403
    assert ask(right, Origin=place.settings.url) == 403
    assert ask(right, secret="x" * 32) == 401
    assert ask("x" * 30_000) == 413

    def away(*_: object) -> int:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(place.desk.store, "redemption", away)
    assert ask(right) == 503
    statuses = [ask(right) for _ in range(25)]
    assert 429 in statuses


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{",
        '{"v": 1, "v": 1}',
        '{"v": 1.0, "receipt": "a.b.c", "token": "aaaaaaaaaaaaaaaaaaaaaa"}',
        '{"v": true, "receipt": "a.b.c", "token": "aaaaaaaaaaaaaaaaaaaaaa"}',
        '{"v": 1, "receipt": ["a.b.c"], "token": "aaaaaaaaaaaaaaaaaaaaaa"}',
        '{"v": 1, "receipt": "a.b.c", "token": "aaaaaaaaaaaaaaaaaaaaaa", "extra": 1}',
        '{"v": 1, "receipt": "a.b.c", "token": "aaaaaaaaaaaaaaaaaaaaaa", "for": {"run": 17}}',
        '{"v": 1, "receipt": "a.b.c", "token": "aaaaaaaaaaaaaaaaaaaaaa", "for": {"run": ""}}',
        '{"v": NaN}',
        '{"v": ' + "[" * 100 + "]" * 100 + "}",
        "\ufeff{}",
    ],
)
def test_what_does_not_fit_the_document_is_refused_as_it_says(place: Place, body: str) -> None:
    said = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
    answer = requests.post(place.settings.url + REDEEM, body.encode(), headers=said, timeout=10)
    assert held(answer, REDEEM, "post") == 400


def test_what_a_path_does_not_take_is_told_with_what_it_takes(place: Place) -> None:
    """RFC 9110, 15.5.6: 405 with Allow."""
    for path, methods in DOCUMENT["paths"].items():
        same = {} if path == REDEEM else {"Origin": place.settings.url}
        answer = requests.request("TRACE", place.settings.url + path, headers=same, timeout=10)
        assert answer.status_code == 405
        assert {method.upper() for method in methods} == set(answer.headers["Allow"].split(", ")) - {"HEAD"}
