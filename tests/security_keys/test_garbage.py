"""Whatever is posted, the only answer is the refusal, at once (S15, row 23)."""

from __future__ import annotations

import base64
import json
import time
from functools import partial
from typing import Any

import cbor2
import ceremonies_kit as here
import pytest
from ceremonies_kit import ENROLS, KEYS, NOW, enrolled
from hypothesis import given
from hypothesis import strategies as st

import security_keys_kit as kit
from jenkins_mfa.errors import EvidenceError
from jenkins_mfa.security_keys import cbor_form
from jenkins_mfa.simulators.security_key import ES256, Lies, SecurityKey

ALICE = enrolled()
ANSWER = json.loads(ALICE.body())
OPTIONS = KEYS.registration_options(ENROLS, "Alice Wu", ())
MADE = SecurityKey(ES256).register(OPTIONS, kit.ORIGIN)
OBJECT = kit.raw(MADE["response"]["attestationObject"])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _judged(body: bytes, registers: bool) -> str:
    """The reason of the refusal; anything else fails the test."""
    judge = partial(KEYS.register, binding=ENROLS, now=NOW) if registers else ALICE.verified
    with pytest.raises(EvidenceError) as refused:
        judge(body)
    assert str(refused.value).isprintable()
    return refused.value.reason


def _with_object(raw: bytes) -> bytes:
    text = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return json.dumps({**MADE, "response": {**MADE["response"], "attestationObject": text}}).encode()


BOTH = pytest.mark.parametrize("registers", [True, False], ids=["registration", "answer"])


@BOTH
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "malformed"),
        (b"null", "malformed"),
        (b"[]", "malformed"),
        (b"{}", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[" * 16_000, "malformed"),
        (b'{"a":' * 3_000, "malformed"),
        (b" " * 16_385, "too_large"),
        (b"x" * 5_000_000, "too_large"),
        (b'{"id": 1e999}', "malformed"),
        (b'{"id": NaN}', "malformed"),
    ],
    ids=["empty", "null", "list", "object", "bytes", "deep", "deeper", "large", "5 MB", "huge number", "NaN"],
)
def test_row_23_what_is_no_credential_is_refused_before_it_is_looked_at(
    registers: bool, body: bytes, reason: str
) -> None:
    """Size first, then strict JSON: nothing reaches the library."""
    began = time.process_time()
    assert _judged(body, registers) == reason
    assert time.process_time() - began < 0.5


@BOTH
@given(data=st.data())
def test_anything_in_the_place_of_a_member_is_refused(registers: bool, data: st.DataObject) -> None:
    """Any JSON for any member, and members that are missing."""
    whole: dict[str, Any] = MADE if registers else ANSWER
    needed = ["clientDataJSON", "attestationObject" if registers else "authenticatorData"]
    name = data.draw(st.sampled_from(["id", "rawId", "type", "response", *needed]))
    value = data.draw(JSON)
    changed = {**whole, name: value} if name in whole else {**whole, "response": {**whole["response"], name: value}}
    _judged(json.dumps(changed).encode(), registers)


@BOTH
@given(data=st.data())
def test_a_changed_byte_is_refused(registers: bool, data: st.DataObject) -> None:
    """Of what the key and the browser wrote: any byte, any value; what is cut off, too."""
    whole: dict[str, Any] = MADE if registers else ANSWER
    part = "clientDataJSON" if registers else data.draw(st.sampled_from(["clientDataJSON", "authenticatorData"]))
    raw = kit.raw(whole["response"][part])
    place, value = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.binary(max_size=2))
    changed = raw[:place] + value + raw[place + 1 :]
    if changed == raw or (registers and _same_facts(changed)):
        return
    text = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    _judged(json.dumps({**whole, "response": {**whole["response"], part: text}}).encode(), registers)


def _same_facts(client_data: bytes) -> bool:
    """Nothing signs a registration's client data: other JSON that says the same is the same."""
    try:
        said = json.loads(client_data)
    except ValueError:
        return False
    true = json.loads(kit.raw(MADE["response"]["clientDataJSON"]))
    names = ("type", "challenge", "origin")
    return isinstance(said, dict) and [said.get(n) for n in names] == [true[n] for n in names]


@given(st.binary(max_size=200) | st.builds(lambda at, more: OBJECT[:at] + more, st.integers(0, 220), st.binary()))
def test_row_23_broken_cbor_is_refused(raw: bytes) -> None:
    """Garbage, and an attestation object that goes on with garbage."""
    if raw != OBJECT:
        _judged(_with_object(raw), registers=True)


@given(JSON, JSON, JSON)
def test_an_attestation_object_of_anything_is_refused(form: object, statement: object, data: object) -> None:
    """Well-formed CBOR with the three members, but of other kinds."""
    _judged(_with_object(_cbor({"fmt": form, "attStmt": statement, "authData": data})), registers=True)


def _cbor(value: object) -> bytes:
    try:
        return cbor2.dumps(value)
    except UnicodeEncodeError:  # lone surrogates are not CBOR
        return b""


def _laughs(times: int) -> bytes:
    """Lists of ten references to the list before: ten to the power of `times` when written out."""
    lists = [b"\xd8\x1c\x8a" + (b"\xd8\x1d" + cbor2.dumps(n)) * 10 for n in range(times)]
    return b"\x98" + bytes([times + 1]) + b"\xd8\x1c\x8a" + b"\0" * 10 + b"".join(lists)


BOMBS = {
    "shared values": _laughs(6),
    "arrays": b"\x81" * 15_000 + b"\0",
    "maps": b"\xa1\x01" * 7_000 + b"\0",
    "tags": b"\xc1" * 11_000 + b"\0",
    "many": b"\x9b" + b"\x7f" + b"\xff" * 7,
    "long": b"\x5b" + b"\x7f" + b"\xff" * 7,
    "decimal": b"\xc4\x82\x1b\x00\x00\x00\xff\xff\xff\xff\xff\x03",
    "pattern": b"\xd8\x23" + cbor2.dumps("a{0,60000}" * 1000),
    "cycle": b"\xd8\x1c\x81\xd8\x1d\x00",
    "endless": b"\x9f" * 5_000,
    "float": b"\xf9\x7e\x00",
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("place", ["object", "key", "extension", "statement"])
def test_row_23_a_cbor_bomb_is_refused_at_once(bomb: str, place: str) -> None:
    """In each place that holds CBOR. Decoded, six levels of shared values take seconds, and nine take minutes."""
    raw = BOMBS[bomb][:11_000]
    began = time.process_time()
    if place == "object":
        _judged(_with_object(raw), registers=True)
    elif place == "statement":
        _judged(_with_object(b"\xa3\x63fmt\x64none\x67attStmt" + raw + b"\x68authData\x40"), registers=True)
    else:
        lies = Lies(cose=raw) if place == "key" else Lies(flags_on=128, trailing=raw)
        _judged(_with_object(_made(lies)), registers=True)
    assert time.process_time() - began < 0.5


def _made(lies: Lies) -> bytes:
    return kit.raw(
        SecurityKey(ES256, kit.private(ES256)).register(OPTIONS, kit.ORIGIN, lies)["response"]["attestationObject"]
    )


def test_cbor_in_an_answers_extension_is_looked_at_too() -> None:
    """A rightly signed answer of a key that writes a bomb."""
    body = ALICE.body(Lies(flags_on=128, trailing=BOMBS["shared values"]))
    began = time.process_time()
    _judged(body, registers=False)
    assert time.process_time() - began < 0.5
    ALICE.verified(ALICE.body(Lies(flags_on=128, trailing=cbor2.dumps({"uvm": [[2, 4, 2]]}))))


@given(JSON.filter(lambda value: "nan" not in str(value)))
def test_the_form_ends_where_the_decoder_ends(value: object) -> None:
    """What is let through is read by the decoder to the same byte, and is what its writer meant."""
    raw = _cbor(value)
    try:
        end = cbor_form.end_of(b"\0" + raw + b"\0", 1)
    except ValueError:
        assert not raw or _has_number_that_keys_do_not_write(value)
        return
    assert end == len(raw) + 1
    assert cbor2.loads(raw) == value


def _has_number_that_keys_do_not_write(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_number_that_keys_do_not_write, value.values()))
    if isinstance(value, list):
        return any(map(_has_number_that_keys_do_not_write, value))
    return isinstance(value, float) or (isinstance(value, int) and not -(2**64) <= value < 2**64)


@given(st.binary(max_size=60))
def test_the_form_of_garbage_is_an_end_or_a_refusal(raw: bytes) -> None:
    """It never looks beyond the bytes, nor ends beyond them."""
    try:
        assert 0 < cbor_form.end_of(raw) <= len(raw)
    except ValueError:
        return


def test_the_claimed_id_is_read_as_strictly() -> None:
    """It chooses among a person's credentials, before anything is verified."""
    assert KEYS.claimed_id(here.posted(ANSWER)) == ALICE.credential.id
    padded = ANSWER["id"] + "="
    with pytest.raises(EvidenceError):
        KEYS.claimed_id(here.posted({**ANSWER, "id": padded, "rawId": padded}))


def test_row_23_extensions_do_not_nest_without_end() -> None:
    """An answer that is good otherwise, with results of extensions in eight levels and in nine."""
    for levels, taken in ((7, True), (8, False)):
        results = json.loads('{"x":' * levels + "1" + "}" * levels)
        body = here.posted({**ANSWER, "clientExtensionResults": results})
        if taken:
            ALICE.verified(body)
        else:
            assert _judged(body, registers=False) == "malformed"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x1c",
        b"\x9f" + b"\0" * 31 + b"\xff",
        b"\x7f" + b"a" * 31 + b"\xff",
        b"\xbf" + b"\0" * 62 + b"\xff",
        b"\xc1\0",
        b"\xd8\x1c\x80",
        b"\xf7",
        b"\xf8\xff",
        b"\xf9\0\0",
        b"\xfa\0\0\0\0",
        b"\xff",
        b"\x19\0",
        b"\x42a",
        b"\x82\0",
    ],
    ids=bytes.hex,
)
def test_what_no_key_writes_is_refused(raw: bytes) -> None:
    """Reserved and indefinite lengths, tags, undefined, floats, a lone break, what is cut off (CTAP 2.1, 8)."""
    with pytest.raises(ValueError):
        cbor_form.end_of(raw)
