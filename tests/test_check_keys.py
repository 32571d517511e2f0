"""`check` and `keys` where files, store and agents do not agree about receipt keys."""

from __future__ import annotations

import json
import re
import time
from itertools import count
from pathlib import Path

import pytest

from cli_files import edit, with_keys, write
from command import Done, run
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.core.model import Commit, KeysRecord, RevokedKey
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.gates import RedisStore
from store_server import Server

_numbers = count(1)


class Place:
    """Files with the key k1, and a store of their own."""

    def __init__(self, folder: Path, server: Server) -> None:
        prefix = f"keys-{next(_numbers)}"
        self.config = with_keys(write(folder, store=server.url))
        edit(self.config, ('prefix = "mfa"', f'prefix = "{prefix}"'))
        self.files = configuration.load(self.config).keys
        self.store = RedisStore(
            client_for(server.url), key_files.load(self.files, "demo").mac_key, prefix=f"{{{prefix}}}"
        )

    def run(self, *arguments: str | Path) -> Done:
        return run(*arguments, config=self.config)

    @property
    def found(self) -> list[str]:
        """What `check` says of receipt keys and is not right."""
        found = json.loads(self.run("check", "--json").stdout)["findings"]
        return [one["evidence"] for one in found if one["subject"] == "keys" and one["severity"] != "information"]


@pytest.fixture
def place(tmp_path: Path, valkey: Server) -> Place:
    return Place(tmp_path, valkey)


def test_check_names_files_with_a_revoked_key_and_agents_with_other_keys(place: Place) -> None:
    """A host that nobody thought of, and an agent that has not taken over what is there."""
    assert place.found == []
    place.store.commit(Commit("c", (KeysRecord(1, ("k1",), (RevokedKey("k1", 1, "operator:root"),)),)))
    place.store.beat("agent:1", {"at": place.store.now(), "pid": 7, "receipt_kids": ["k1"]})
    assert place.found == [
        "k1 is revoked, and the files here still have it; no agent uses it, and keys public leaves it out",
        "an agent (pid 7) has the receipt keys k1, the files here none",
    ]
    assert place.run("keys", "revoke", "k1", "--yes").returncode == 0
    assert place.run("keys", "generate").returncode == 0
    place.store.beat("agent:1", {"at": place.store.now(), "receipt_kids": ["k2"]})
    assert place.found == []


def test_a_revoked_key_is_published_no_more(place: Place, tmp_path: Path) -> None:
    """Neither in the key set nor in the class; with none left, `check` says that every build is denied."""
    assert place.run("keys", "generate", "--wait", "0").returncode == 0
    assert place.run("keys", "revoke", "k1", "--yes").returncode == 0
    assert [key["kid"] for key in json.loads(place.run("keys", "public").stdout)["keys"]] == ["k2"]
    assert place.run("keys", "public", "--library", tmp_path).returncode == 0
    trust = (tmp_path / "src/mfa/Trust.groovy").read_text()
    assert ("'k2'" in trust, "'k1'" in trust) == (True, False)
    assert place.run("keys", "revoke", "k2", "--yes").returncode == 0
    assert place.found == ["every receipt key is revoked: every build is denied"]


@pytest.mark.parametrize("command", [("keys", "public"), ("keys", "public", "--library"), ("init", "--library")])
def test_old_files_do_not_publish_a_key_that_the_store_knows_as_revoked(
    place: Place, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """A host with key files out of a backup: the world would believe the stolen key again. It is left out and named."""
    assert place.run("keys", "generate", "--wait", "0").returncode == 0
    place.store.commit(Commit("c", (KeysRecord(1, ("k1", "k2"), (RevokedKey("k1", 1, "operator:root"),)),)))
    library = tmp_path / "library"
    library.mkdir()
    done = place.run(*command, *([library] if "--library" in command else []))
    said = "k1 is revoked, and left out; the files here still have it. Mend: jenkins-mfa keys revoke k1\n"
    assert (done.returncode, done.stderr) == (0, said)
    trust = library / "src/mfa/Trust.groovy"
    told = trust.read_text() if "--library" in command else done.stdout
    assert set(re.findall(r"""['"](k[0-9]+)['"]""", told)) == {"k2"}


@pytest.mark.parametrize("command", [("keys", "public"), ("keys", "public", "--library"), ("init", "--library")])
def test_nothing_is_published_while_nobody_can_say_which_keys_are_revoked(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Nor is a file written: a library that was laid out with the sample's class would believe the sample's key."""
    config, library = with_keys(write(tmp_path)), tmp_path / "library"
    library.mkdir()
    done = run(*command, *([library] if "--library" in command else []), config=config)
    assert (done.returncode, done.stdout) == (3, "")
    assert "which receipt keys are revoked: nothing was published." in done.stderr
    assert "Mend: start it, or correct [store] url" in done.stderr
    assert list(library.rglob("*")) == []
    assert run("keys", "public", "--checkpoints", config=config).returncode == 0


def test_a_key_that_has_ended_is_published_no_more(place: Place) -> None:
    """As it is believed no more."""
    index = place.files.dir / "keys.json"
    rows = json.loads(index.read_text())
    rows["keys"][0]["not_after"] = int(time.time())
    index.write_text(json.dumps(rows))
    assert json.loads(place.run("keys", "public").stdout) == {"keys": []}


def test_revoking_asks_first_and_changes_nothing_without_a_yes(place: Place) -> None:
    """Nor for a key that never was."""
    before = (place.files.dir / "keys.json").read_bytes()
    assert place.run("keys", "revoke", "k1").returncode == 130
    unknown = place.run("keys", "revoke", "k9", "--yes")
    assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (1, "There is no receipt key k9.")
    assert (place.files.dir / "keys.json").read_bytes() == before
    assert place.store.keys() == KeysRecord(0)


def test_a_new_key_waits_and_the_list_says_so(place: Place) -> None:
    """Until when; what is revoked stays in the list."""
    made = json.loads(place.run("keys", "generate", "--wait", "3600", "--json").stdout)
    rows = json.loads(place.run("keys", "list", "--json").stdout)["keys"]
    assert [(row["kid"], row["state"]) for row in rows] == [("k2", "waits"), ("k1", "signs")]
    assert made["signs_from"][:16] == rows[0]["signs_from"][:16]
    assert "k2   receipt  waits" in place.run("keys", "list").stdout
