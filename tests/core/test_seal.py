"""Seals open only in their place, HMACs cover every border (T8, S19)."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core import seal
from jenkins_mfa.core.seal import KeyRing
from jenkins_mfa.errors import ConfigError, SealError, UnknownKeyError

RING = KeyRing((("v2", b"2" * 32), ("v1", b"1" * 32)))
NONCE = b"n" * 12
PLACE = {"person": "alice", "authenticator": "a_01", "kind": "totp"}
TOKEN = seal.seal(b"the seed", keys=RING, nonce=NONCE, **PLACE)


def _line(kid: str, key: bytes) -> str:
    return f"{kid}:{base64.b64encode(key).decode()}"


@given(st.binary(max_size=200), st.binary(min_size=12, max_size=12), st.text(max_size=9), st.text(max_size=9))
def test_what_was_sealed_opens_in_its_place(record: bytes, nonce: bytes, person: str, authenticator: str) -> None:
    """Any record for any person and authenticator comes back as it was."""
    if any("\ud800" <= character <= "\udfff" for character in person + authenticator):
        return
    place = {"person": person, "authenticator": authenticator, "kind": "totp"}
    token = seal.seal(record, keys=RING, nonce=nonce, **place)
    assert token.startswith("v1.v2.")
    assert seal.unseal(token, keys=RING, **place) == record


@pytest.mark.parametrize(
    "change",
    [
        {"person": "mallory"},
        {"authenticator": "a_02"},
        {"kind": "webauthn"},
        {"person": "alicea", "authenticator": "_01"},
    ],
    ids=["person", "authenticator", "kind", "border"],
)
def test_an_attackers_own_seal_put_on_an_approver_does_not_open(change: dict[str, str]) -> None:
    """T8: with write access to the store a record is copied or moved, and refused."""
    with pytest.raises(SealError):
        seal.unseal(TOKEN, keys=RING, **{**PLACE, **change})


@given(st.integers(6, len(TOKEN) - 1), st.sampled_from("AZaz09-_"))
def test_a_changed_seal_does_not_open(place: int, character: str) -> None:
    """AES-GCM authenticates every bit of nonce, text and tag."""
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    try:
        opened = seal.unseal(changed, keys=RING, **PLACE)
    except SealError:
        return
    assert opened == b"the seed"
    raws = [base64.urlsafe_b64decode(text.split(".")[2] + "==") for text in (changed, TOKEN)]
    assert raws[0] == raws[1]


@given(st.text(max_size=80) | st.builds("v1.v1.{}".format, st.text("ABab01-_=.", max_size=60)))
def test_no_other_error_leaves_unseal(token: str) -> None:
    """Garbage in the store is SealError, or UnknownKeyError for a kid that nobody holds."""
    with pytest.raises((SealError, UnknownKeyError)):
        seal.unseal(token, keys=RING, **PLACE)


def test_another_kid_on_the_token_does_not_open() -> None:
    """The kid is authenticated, and each has its own key."""
    with pytest.raises(SealError):
        seal.unseal(TOKEN.replace("v1.v2.", "v1.v1."), keys=RING, **PLACE)


def test_old_keys_open_while_they_are_listed() -> None:
    """After a rotation the new key seals; when the old one is gone the operator hears of it, not the person."""
    old = seal.seal(b"old", keys=KeyRing((("v1", b"1" * 32),)), nonce=NONCE, **PLACE)
    assert seal.unseal(old, keys=RING, **PLACE) == b"old"
    with pytest.raises(UnknownKeyError, match="v1"):
        seal.unseal(old, keys=KeyRing((("v2", b"2" * 32),)), **PLACE)


def test_a_nonce_has_twelve_bytes() -> None:
    """Another length would not be the scheme whose limits we rely on."""
    with pytest.raises(ValueError):
        seal.seal(b"x", keys=RING, nonce=b"n" * 16, **PLACE)


def test_the_key_file() -> None:
    """The first line seals, all open, blank lines count for nothing."""
    ring = KeyRing.parse(f"{_line('v2', b'2' * 32)}\n\n{_line('v1', b'1' * 32)}\n", place="vault.keys")
    assert ring == RING
    assert ring.kids == ("v2", "v1")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["no key"]),
        (_line("v1", b"1" * 31), ["line 1"]),
        (_line("v 1", b"1" * 32), ["line 1"]),
        ("v1", ["line 1"]),
        ("v1:é\nv2:!", ["line 1", "line 2"]),
        (_line("v1", b"1" * 32) + "\n" + _line("v1", b"2" * 32), ["line 2: v1 stands there twice"]),
    ],
    ids=["empty", "short", "kid", "no_key", "two", "twice"],
)
def test_s16_a_wrong_key_file_is_refused_without_telling_a_key(text: str, problems: list[str]) -> None:
    """All problems at once, by file and line (S16)."""
    with pytest.raises(ConfigError) as refused:
        KeyRing.parse(text, place="vault.keys")
    assert len(refused.value.problems) == len(problems)
    for problem, part in zip(refused.value.problems, problems, strict=True):
        assert problem.startswith("vault.keys")
        assert part in problem
        assert "MTEx" not in problem


def test_keys_are_in_no_repr() -> None:
    """S12: a logged ring tells nothing."""
    assert "1111" not in repr(RING)


def test_each_purpose_has_its_own_key() -> None:
    """HKDF with labels: neither the master nor another purpose's key seals."""
    derived: list[Any] = [RING.subkey("v1", "seal"), RING.subkey("v1", "ticket"), RING.subkey("v2", "seal"), b"1" * 32]
    assert len(set(derived)) == 4


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=4), st.data())
def test_an_hmac_covers_fields_and_their_borders(fields: list[str], data: st.DataObject) -> None:
    """T8: another split of the same characters has another HMAC (else "a"+"bc" = "ab"+"c")."""
    joined = "".join(fields)
    cut = data.draw(st.integers(0, len(joined)))
    other = [joined[:cut], joined[cut:]]
    same = seal.check_mac(seal.mac(b"k" * 32, "gate", *fields), seal.mac(b"k" * 32, "gate", *other))
    assert same == (fields == other)


def test_an_hmac_differs_by_key_and_label() -> None:
    """A confirmation's HMAC is not a snapshot's, and whatever stands in the store is compared without an error."""
    mine = seal.mac(b"k" * 32, "gate", "x")
    assert seal.check_mac(mine, seal.mac(b"k" * 32, "gate", b"x"))
    assert not seal.check_mac(seal.mac(b"k" * 32, "confirmation", "x"), mine)
    assert not seal.check_mac(seal.mac(b"j" * 32, "gate", "x"), mine)
    for stored in ("", "é", "\ud800", mine[:-1], mine.upper()):
        assert not seal.check_mac(stored, mine)
