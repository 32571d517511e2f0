"""Receipt keys change on disk while the agent runs: a new one signs when it is due, a revoked one never again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from clock import Clock
from fakes import KEYS, desk
from jenkins_mfa import key_files, key_takeover
from jenkins_mfa.config import KeysConfig
from jenkins_mfa.core.model import KeysRecord, RevokedKey
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.takeover import AGAIN
from jenkins_mfa.usecases import receipt_keys
from jenkins_mfa.usecases.desk import Commit, Desk
from memory_store import MemoryStore

DAY = 86400


class Place:
    """Files with the key k1, and a desk that holds it."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.seconds = Clock(), 0.0
        self.store = MemoryStore(self.clock)
        self.files = KeysConfig(folder / "keys", folder / "vault.key", folder / "hmac.key")
        self.generate()
        made: Desk = desk(self.store)
        signing = key_files.receipt_keys(self.files)
        self.desk = replace(made, keys=replace(KEYS, signing=signing, revoked=set()))
        self.takeover = key_takeover.receipts(self.files, self.desk)
        self.takeover.clock = lambda: self.seconds
        self.look()

    @property
    def now(self) -> int:
        return self.clock.now() // 1000

    def generate(self, wait: int = 0) -> str:
        return key_files.generate(self.files, self.now, wait).kid

    def look(self, times: int = 2) -> None:
        for _ in range(times):
            self.takeover.look()

    def signer(self, *kids: str) -> str:
        """The kid that signs now for a build that knows these."""
        found = receipt_keys.signer(self.desk, kids, self.now)
        return found.kid if found else ""

    @property
    def events(self) -> list[str]:
        return [f"{one.entry.event} {one.entry.details['kid']}" for one in self.store.trail]

    @property
    def alerts(self) -> list[str]:
        return [alert.code for alert in self.store.waiting_alerts]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_new_key_is_published_waits_and_then_signs(place: Place) -> None:
    """It verifies from the first moment on; it signs when it is due, and only for builds that know it."""
    assert place.generate(wait=DAY) == "k2"
    place.look()
    assert sorted(place.desk.keys.public(place.now)) == ["k1", "k2"]
    assert (place.signer("k1", "k2"), place.signer("k2"), place.signer("k1")) == ("k1", "", "k1")
    place.clock.move(seconds=DAY)
    assert (place.signer("k1", "k2"), place.signer("k2"), place.signer("k1")) == ("k2", "k2", "k1")
    assert place.events == ["key:created k1", "key:created k2", "secret:loaded k2, k1"]


def test_the_first_key_and_one_without_another_that_signs_wait_for_nothing(place: Place) -> None:
    """Nobody is denied because of a wait that protects nobody; nor does one wait beyond the end of the one before."""
    assert place.signer("k1") == "k1"
    key_files.revoke(place.files, "k1", place.now)
    place.generate(wait=DAY)
    place.look()
    assert place.signer("k1", "k2") == "k2"
    place.clock.move(seconds=key_files.LIFE - DAY // 2)
    place.generate(wait=DAY)
    place.look()
    place.clock.move(seconds=DAY // 2)
    assert place.signer("k2", "k3") == "k3"


def test_where_the_only_key_that_is_due_is_revoked_the_next_one_signs_at_once(place: Place) -> None:
    """It was published with the other one: builds know it."""
    place.generate(wait=DAY)
    key_files.revoke(place.files, "k1", place.now)
    place.look()
    assert place.signer("k1", "k2") == "k2"


def test_two_agents_put_a_new_key_into_the_trail_once(place: Place, tmp_path: Path) -> None:
    """Each of them has taken it over, which the trail has twice."""
    other = key_takeover.receipts(place.files, replace(place.desk, keys=replace(place.desk.keys, revoked=set())))
    place.generate()
    for one in (place.takeover, other, place.takeover, other):
        one.look()
    assert place.events.count("key:created k2") == 1
    assert place.events.count("secret:loaded k2, k1") == 2


def test_a_revoked_key_never_signs_again_whatever_else_the_files_hold(place: Place) -> None:
    """With another key that cannot be read: what held goes on, but for the revoked one; its private half is gone."""
    place.generate()
    place.look()
    assert key_files.revoke(place.files, "k2", place.now)
    assert not key_files.revoke(place.files, "k2", place.now)
    assert not (place.files.dir / "k2.pem").exists()
    (place.files.dir / "k1.pem").chmod(0o644)
    place.look()
    assert (place.signer("k1", "k2"), place.signer("k2")) == ("k1", "")
    assert sorted(place.desk.keys.public(place.now)) == ["k1"]
    assert place.alerts == ["keys_refused"]


def test_a_key_that_the_store_knows_as_revoked_does_not_come_back_with_old_files(place: Place) -> None:
    """A backup of the key files, or another host that nobody thought of: for good is for every agent."""
    revoked = KeysRecord(2, ("k1",), (RevokedKey("k1", 1, "operator:root"),))
    place.store.commit(Commit("c", (revoked,)))
    place.look()
    assert place.signer("k1") == ""
    assert receipt_keys.public(place.desk, place.now) == {}
    assert place.desk.keys.public(place.now) == {}  # of which /.well-known/jwks.json is made


def test_what_cannot_be_used_changes_nothing_is_told_once_and_tried_again(place: Place) -> None:
    """A key that others can read (S16), an index that is none: what held goes on."""
    place.generate()
    (place.files.dir / "k2.pem").chmod(0o644)
    place.look(5)
    assert (place.signer("k1", "k2"), place.alerts) == ("k1", ["keys_refused"])
    assert "chmod 600" in place.takeover.problem
    place.seconds += AGAIN
    place.clock.move(seconds=AGAIN)
    place.look(5)
    assert place.alerts == ["keys_refused"]
    (place.files.dir / "k2.pem").chmod(0o600)
    place.look()
    assert (place.signer("k1", "k2"), place.takeover.problem) == ("k2", "")


def spoilt(**changes: object) -> str:
    row = {"kid": "k1", "created": 0, "not_after": 4_102_444_800, "state": "signs"} | changes
    return json.dumps({"keys": [row]})


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"keys": [1]}', spoilt(kid="../k1"), spoilt(state="new"), spoilt(not_after="x"), spoilt(kid=1)],
)
def test_an_index_that_is_none_is_refused(place: Place, text: str) -> None:
    """Whole or not at all."""
    (place.files.dir / "keys.json").write_text(text)
    with pytest.raises(ConfigError, match="is damaged"):
        key_files.receipt_keys(place.files)
    place.look()
    assert (place.signer("k1"), place.alerts) == ("k1", ["keys_refused"])


def test_an_index_of_an_older_release_is_read(place: Place) -> None:
    """It says nothing of when a key begins to sign: then at once."""
    (place.files.dir / "keys.json").write_text(spoilt())
    assert [key.signs_from for key in key_files.receipt_keys(place.files)] == [0]
