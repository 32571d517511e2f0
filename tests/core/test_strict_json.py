"""The strict parser: one reading or none, and no other error than ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core import strict_json
from jenkins_mfa.errors import UntrustedInputError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def _parse(data: bytes | str, *, floats: bool = False, max_bytes: int = 10_000, max_depth: int = 8) -> object:
    return strict_json.parse(data, place="it", max_bytes=max_bytes, max_depth=max_depth, floats=floats)


@given(VALUES)
def test_what_json_writes_is_read_back(value: object) -> None:
    """Right JSON of allowed types means the same as to the standard library, escaped or not."""
    try:
        texts = [json.dumps(value), json.dumps(value, ensure_ascii=False)]
        texts[1].encode()
    except UnicodeEncodeError:
        return
    for text in texts:
        assert strict_json.parse(text, place="it", max_bytes=10**6, max_depth=30) == value


@given(st.binary(max_size=60) | st.text(max_size=60) | st.text('{}[]",:0123456789.eE+-\\untrfalsN', max_size=60))
def test_no_other_error_leaves_it(data: bytes | str) -> None:
    """Whatever comes in, the answer is a value or UntrustedInputError in one line that names the place."""
    says = "it is read"
    try:
        _parse(data, max_depth=3)
    except UntrustedInputError as error:
        says = str(error)
    assert says.startswith("it ")
    assert says.isprintable()


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ('{"a": 1, "a": 1}', 'the key "a" twice'),
        ('{"a": 1, "\\u0061": 2}', 'the key "a" twice'),
        ('[{"x": {"b": 1, "b": 2}}]', 'the key "b" twice'),
        ('{"\u202e": 1, "\u202e": 2}', '"\\u202e" twice'),
        ("NaN", "not whole"),
        ("[Infinity]", "not whole"),
        ("-Infinity", "not whole"),
        ("1.0", "not whole"),
        ("1e3", "not whole"),
        ("-0", "-0"),
        ("9" * 19, "too large"),
        ("9" * 5000, "too large"),
        ('"\\ud800"', "UTF-8"),
        ('{"\\udc00": 1}', "UTF-8"),
        ("\ud800", "UTF-8"),
        (b'"\xff"', "UTF-8"),
        (b'"\xc0\x80"', "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        ('"a\nb"', "line 1, column 3"),
        ("\ufeff1", "not JSON"),
        ("", "not JSON"),
        ("1 2", "not JSON"),
        ("[1,]", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ("[" * 9 + "]" * 9, "deeper than 8"),
        ("[" * 4000 + "]" * 4000, "deeper than 8"),
        ('{"a":' * 1500 + "1" + "}" * 1500, "deeper than 8"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_s20_what_two_parsers_could_read_differently_is_refused(data: bytes | str, part: str) -> None:
    """Each is refused with its own sentence (S15, S20)."""
    with pytest.raises(UntrustedInputError) as refused:
        _parse(data)
    assert part in str(refused.value)


def test_the_largest_and_deepest_that_is_allowed_is_read() -> None:
    """The limits themselves still pass; bytes are counted, not characters."""
    assert _parse("[" * 8 + "]" * 8) == [[[[[[[[]]]]]]]]
    assert _parse('"é"', max_bytes=4) == "é"
    assert _parse("-" + "9" * 18) == -(10**18 - 1)
    with pytest.raises(UntrustedInputError, match="4 bytes long; 3 are allowed"):
        _parse('"é"', max_bytes=3)


def test_floats_only_where_they_are_expected() -> None:
    """A source's listing may hold floats; NaN and what becomes infinite never pass."""
    assert _parse("[1.5]", floats=True) == [1.5]
    for text in ("NaN", "Infinity", "1e999"):
        with pytest.raises(UntrustedInputError):
            _parse(text, floats=True)
