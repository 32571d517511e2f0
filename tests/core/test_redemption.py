"""What a consumer sends: one strict parser, and secrets compared in constant time."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_receipt_pass import REQUEST, made, verify

from jenkins_mfa.core import consumers, redemption
from jenkins_mfa.core.consumers import Consumer, digest, of_secret
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.receipt_pass import Expected
from jenkins_mfa.errors import UntrustedInputError

TOKEN = "t" * 22
BODY: dict[str, Any] = {"v": 1, "receipt": "a.b.c", "token": TOKEN}
FOR = {"source": "main", "pipeline": "deploy", "run": "17", "environment": "production", "action": "deploy"}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_a_whole_body_is_read() -> None:
    """What is expected is the consumer's word, in the receipt's names."""
    assert redemption.parse(json.dumps(BODY).encode()).expected == Expected()
    read = redemption.parse(json.dumps({**BODY, "for": FOR}).encode())
    assert (read.receipt, read.token) == ("a.b.c", TOKEN)
    assert read.expected == Expected("main", "deploy", "17", "production", "deploy")


def test_s12_what_was_presented_does_not_show_itself() -> None:
    """Receipt and token are secrets: no error and no log that names the value holds them."""
    shown = repr(redemption.parse(json.dumps({**BODY, "receipt": "SECRET"}).encode()))
    assert "SECRET" not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": None},
        {"receipt": 1},
        {"receipt": None},
        {"token": "t" * 21},
        {"token": "t" * 129},
        {"token": "t" * 21 + "é"},
        {"token": TOKEN + "\n"},
        {"more": 1},
        {"for": []},
        {"for": {"pipelines": "x"}},
        {"for": {"run": 17}},
        {"for": {"run": ""}},
        {"for": {"pipeline": "p" * 1001}},
    ],
    ids=lambda change: json.dumps(change)[:24],
)
def test_s15_a_body_of_another_form_is_refused(change: dict[str, Any]) -> None:
    """A key that is not known may have been meant to make it stricter, so it is not passed over."""
    body = {name: value for name, value in {**BODY, **change}.items() if value is not None}
    with pytest.raises(UntrustedInputError):
        redemption.parse(json.dumps(body).encode())


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"null", b'{"v":1,"v":1}', b"\xff", json.dumps(BODY).encode() + b" " * redemption.MAX_BODY],
    ids=["empty", "list", "null", "twice", "bytes", "long"],
)
def test_s15_what_is_no_such_json_is_refused(raw: bytes) -> None:
    """Also a key twice, which two readers could understand differently."""
    with pytest.raises(UntrustedInputError):
        redemption.parse(raw)


def test_s15_a_body_is_looked_at_up_to_its_limit() -> None:
    """The longest receipt fits; a byte beyond the limit does not."""
    longest = {**BODY, "receipt": "r" * (16 * 1024)}
    redemption.parse(json.dumps(longest).encode())
    padded = json.dumps(BODY).encode().ljust(redemption.MAX_BODY)
    redemption.parse(padded)
    with pytest.raises(UntrustedInputError):
        redemption.parse(padded + b" ")


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_s15_whatever_is_sent_ends_in_one_kind_of_error(raw: bytes) -> None:
    """Whole bodies are not found by chance."""
    with pytest.raises(UntrustedInputError):
        redemption.parse(raw)


@given(st.sampled_from([*BODY, "for", "x"]), JSON)
def test_s15_one_member_replaced_by_anything_is_read_or_refused(name: str, value: object) -> None:
    """What is read has the types that it says."""
    try:
        read = redemption.parse(json.dumps({**BODY, name: value}).encode())
    except UntrustedInputError:
        return
    assert type(read.receipt) is str
    assert redemption.TOKEN.fullmatch(read.token)
    assert all(type(one) is str for one in (read.expected.run_id, read.expected.pipeline))


def consumer(name: str = "prod", secret: str = "s" * 32, **changes: Any) -> Consumer:
    """One that guards the production of `deploy`."""
    values = {"sources": ("main",), "pipelines": Globs(("dep*",)), "environments": ("production",), **changes}
    return Consumer(name, digest(secret), **values)


@pytest.mark.parametrize(
    "change",
    [{"sources": ("other",)}, {"pipelines": Globs(("x",))}, {"environments": ("staging",)}],
    ids=["source", "pipeline", "environment"],
)
def test_a_consumer_guards_what_its_table_says(change: dict[str, Any]) -> None:
    """All three must fit."""
    found = verify(made())
    assert consumer().guards(found)
    assert not consumer(**change).guards(found)


def test_a_receipt_without_an_environment_is_for_nobody() -> None:
    """A list of environments never holds what is not there."""
    assert not consumer().guards(verify(made(request={**REQUEST, "environment": None}), Expected()))


def test_s16_a_secret_is_compared_in_constant_time_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """S6, S16: neither its beginning nor its owner's place in the list shows in the time that it takes."""
    known, compare, compared = [consumer("a", "1" * 32), consumer("b", "2" * 32)], hmac.compare_digest, []

    def watched(given: bytes, expected: bytes) -> bool:
        compared.append(expected)
        return compare(given, expected)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    found = of_secret(known, "1" * 32)
    assert found is not None
    assert found.name == "a"
    assert compared == [one.secret_sha256.encode() for one in known]


def test_s16_no_secret_and_one_that_is_none_are_nobodys() -> None:
    """A consumer whose secret was not read is never the owner of an empty one."""
    unread = Consumer("a", "", ("main",), Globs(("*",)), ("production",))
    assert of_secret([unread], "") is None
    assert of_secret([unread, consumer()], "s" * 31) is None
    assert of_secret([consumer()], "\udc80") is None
    assert "secret_sha256" not in repr(consumers.Consumer("a", "x", (), Globs(()), ()))
