"""The vault's keys change on disk while the agent runs: taken over whole and with all that is stored, or not at all."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from clock import Clock
from fakes import KEYS, desk
from jenkins_mfa import key_takeover
from jenkins_mfa.config import KeysConfig
from jenkins_mfa.core import seal
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.model import Authenticator, Factor, PersonRecord
from jenkins_mfa.errors import StoreUnavailableError
from jenkins_mfa.usecases.desk import Desk
from memory_store import MemoryStore

OLD, NEW = ("v1", b"v" * 32), ("v2", b"w" * 32)


class Place:
    """A file, a desk that holds its keys, a store with one authenticator under v1."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "vault.key"
        self.store = MemoryStore(Clock())
        ring = seal.KeyRing((OLD,))
        made: Desk = desk(self.store)
        self.desk = replace(made, keys=Keys(KEYS.installation, KEYS.signing, ring, KEYS.mac_key))
        sealed = seal.seal(b"x", keys=ring, nonce=b"n" * 12, person="alice", authenticator="a_1", kind="totp")
        self.store.put(PersonRecord("alice", 1, (Authenticator("a_1", Factor.TOTP, sealed, 1),)))
        self.write(OLD)
        self.vault = key_takeover.vault(KeysConfig(folder, self.file, folder / "hmac.key"), self.desk)
        self.look()

    def write(self, *keys: tuple[str, bytes]) -> None:
        self.file.write_text("".join(f"{kid}:{base64.b64encode(key).decode()}\n" for kid, key in keys))
        self.file.chmod(0o600)

    def look(self, times: int = 2) -> None:
        for _ in range(times):
            self.vault.look()

    @property
    def kids(self) -> tuple[str, ...]:
        return self.desk.keys.ring.kids

    @property
    def alerts(self) -> list[str]:
        return [alert.code for alert in self.store.waiting_alerts]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_new_key_is_taken_over_at_the_second_look(place: Place) -> None:
    """What is still being written is not judged; SIGHUP has it judged at once."""
    place.write(NEW, OLD)
    place.look(1)
    assert place.kids == ("v1",)
    place.look(1)
    assert place.kids == ("v2", "v1")
    assert place.vault.problem == ""
    assert [one.entry.details for one in place.store.trail] == [{"target": "the vault's keys", "kid": "v2, v1"}]
    place.write(OLD, NEW)
    place.vault.look(at_once=True)
    assert place.kids == ("v1", "v2")
    assert place.alerts == []


def test_row_40_a_file_without_a_key_that_is_needed_changes_nothing(place: Place) -> None:
    """Attack row 40: ops are told once, and what held before holds."""
    place.write(NEW)
    place.look(5)
    assert place.kids == ("v1",)
    assert place.alerts == ["vault_refused"]
    assert "v1 (of alice)" in place.vault.problem
    place.write(NEW, OLD)
    place.look()
    assert (place.kids, place.vault.problem) == (("v2", "v1"), "")


@pytest.mark.parametrize("text", ["", "v1:short\n", "v1\n", "\ud800"])
def test_a_file_that_is_no_key_file_changes_nothing(place: Place, text: str) -> None:
    """Nor does one that others can read (S16)."""
    place.file.write_bytes(text.encode(errors="surrogatepass"))
    place.look()
    assert (place.kids, place.alerts) == (("v1",), ["vault_refused"])
    place.write(NEW, OLD)
    place.file.chmod(0o644)
    place.look()
    assert place.kids == ("v1",)


def test_a_store_that_is_away_puts_it_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look does it again."""

    def away() -> list[str]:
        raise StoreUnavailableError("away")

    with monkeypatch.context() as patched:
        patched.setattr(place.store, "people", away)
        place.write(NEW, OLD)
        place.look(1)
        with pytest.raises(StoreUnavailableError):
            place.look(1)
    assert place.kids == ("v1",)
    place.look(1)
    assert place.kids == ("v2", "v1")
