"""Requests beyond the vectors: nothing that cannot be shown passes, whatever the text."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core import characters, request
from jenkins_mfa.errors import RequestError

FIELDS: dict[str, Any] = {
    "lib": "1.0.0",
    "kids": ["k1"],
    "at": 1764000000,
    "number": "493817",
    "run": {"pipeline": "deploy", "id": "17"},
    "environment": "production",
    "action": "deploy",
    "message": "Deploy 1.4",
}
JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*request.REQUIRED, *request.OPTIONAL, "other"]), JSONISH)
def test_one_part_replaced_by_anything_is_read_or_refused(part: str, value: object) -> None:
    """Every wrong type is a RequestError whose sentences are printable and name no foreign text."""
    problems: list[str] = []
    try:
        request.parse(json.dumps({"v": 1, **FIELDS, part: value}))
    except RequestError as error:
        problems = error.problems
    assert all(problem.isprintable() and problem.isascii() for problem in problems)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_are_refused_in_our_own_words(data: bytes | str) -> None:
    """Nothing but RequestError leaves the parser."""
    with pytest.raises(RequestError):
        request.parse(data)


@given(st.text(max_size=40))
def test_s20_a_message_that_passes_holds_only_what_can_be_seen(message: str) -> None:
    """S20: no control, format, unassigned, private or white character but single inner spaces."""
    try:
        read = request.parse(request.build_text({**FIELDS, "message": message}))
    except RequestError:
        return
    assert read.message == message
    assert message == " ".join(message.split())
    assert not {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"} & {unicodedata.category(c) for c in message}


@given(st.text(max_size=60))
def test_the_room_is_never_less_than_what_either_form_takes(text: str) -> None:
    """The sum bounds the text with `& < >` escaped, as UTF-8, and its JSON without the quotes."""
    if characters.faults(text):
        return
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert characters.shown(text) >= len(escaped.encode())
    assert characters.shown(text) >= len(json.dumps(text, ensure_ascii=False).encode()) - 2


def test_default_ignorable_characters_are_all_refused() -> None:
    """Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties), by its ranges."""
    ranges = (
        "ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164 fe00-fe0f feff ffa0 fff0-fff8 "
    )
    for part in (ranges + "1bca0-1bca3 1d173-1d17a e0000-e0fff").split():
        first, _, last = part.partition("-")
        for point in range(int(first, 16), int(last or first, 16) + 1):
            assert characters.fault(chr(point)), hex(point)


def test_the_number_is_for_typing_back_only() -> None:
    """Neither the repr nor what goes into receipts holds it; the digest covers it."""
    text = request.build_text(FIELDS)
    read = request.parse(text)
    assert read.number == "493817"
    assert "493817" not in repr(read)
    assert "493817" not in json.dumps(request.without_number(read))
    assert request.digest(text) != request.digest(text.replace("493817", "493818"))


def test_the_digest_is_over_exactly_the_bytes() -> None:
    """A text that means the same but is spelt otherwise has another digest (no re-encoding before hashing)."""
    text = request.build_text(FIELDS)
    other = json.dumps(json.loads(text))
    assert request.parse(other) == request.parse(text)
    assert request.digest(other) != request.digest(text)
    assert request.digest(text) == request.digest(text.encode())


def test_all_problems_at_once() -> None:
    """One refusal names every fault, so that the author mends them together."""
    with pytest.raises(RequestError) as refused:
        request.parse(request.build_text({**FIELDS, "message": " a\u200b", "environment": "X", "kids": [], "extra": 1}))
    assert [problem.split(" ")[0] for problem in refused.value.problems] == [
        "request", "kids", "environment", "message", "message",
    ]  # fmt: skip


def test_another_version_is_told_apart() -> None:
    """Only the version's own error, so that the use case can alert about a library that does not fit."""
    with pytest.raises(request.RequestVersionError) as refused:
        request.parse(request.build_text({**FIELDS, "v": 2, "environment": "X"}))
    assert len(refused.value.problems) == 1
