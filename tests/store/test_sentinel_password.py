"""Sentinels that ask for a password of their own: who has it finds the primary, and it changes without a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import redis
from factory import gate, opening

from cli_files import edit, write
from clock import Clock
from fakes import desk
from jenkins_mfa import config as configuration
from jenkins_mfa import token_takeover
from jenkins_mfa.errors import ConfigError, StoreUnavailableError
from jenkins_mfa.store.connect import client_for, open_store
from jenkins_mfa.store.settings import Password, Settings
from memory_store import MemoryStore
from sentinels import Sentinels
from store_server import SEAL_KEY, server_binary

OLD, NEW = "old-password-of-sentinels", "new-password-of-sentinels"
URL = "redis+sentinel://mfa@a.example.com,b.example.com/store"


def test_sentinels_with_a_password_name_the_primary_and_a_new_one_is_taken_over(tmp_path: Path) -> None:
    """Without it, or with a wrong one, there is no store; open connections stay, and a wrong file changes nothing."""
    file, told = tmp_path / "sentinel.password", MemoryStore(Clock())
    file.touch(mode=0o600)
    with Sentinels(server_binary(), OLD) as running:
        settings = Settings(running.url, durability="none", sentinels=Password(OLD))
        for wrong in (None, Password("guessed")):
            with pytest.raises(StoreUnavailableError), open_store(replace(settings, sentinels=wrong), SEAL_KEY):
                pass
        (takeover,) = token_takeover.store(settings, {"sentinel_password_file": file}, desk(told))
        with open_store(settings, SEAL_KEY) as (store, _):
            store.commit(opening(gate()))
            for port in running.ports:
                with redis.Redis("127.0.0.1", port, password=OLD) as one:
                    one.execute_command("ACL", "SETUSER", "default", f">{NEW}", f"<{OLD}")
            for word in ("wrong-password", NEW):
                file.write_text(word)
                for _ in range(2):
                    takeover.look()
                assert settings.sentinels is not None
                assert settings.sentinels.value == (NEW if word == NEW else OLD)
            store._wire.client.connection_pool.disconnect()
            assert store.gate(gate().id) == gate()
    assert not [word for word in (OLD, NEW) if word in f"{told.__dict__} {settings} {takeover}"]


def test_the_configuration_names_its_file_and_user(tmp_path: Path) -> None:
    """They are of the sentinels alone; where there are none it says so, and a user needs a password."""
    (tmp_path / "sentinel.password").touch(mode=0o600)
    (tmp_path / "sentinel.password").write_text(OLD)
    path = write(tmp_path, store=URL)
    edit(path, ('prefix = "mfa"', 'prefix = "mfa"\nsentinel_password_file = "sentinel.password"\nsentinel_user = "s"'))
    loaded = configuration.load(path)
    assert loaded.store.password is None
    assert loaded.store.sentinels is not None
    assert loaded.store.sentinels.get_credentials() == ("s", OLD)
    assert loaded.store_files == {"sentinel_password_file": tmp_path / "sentinel.password"}
    edit(path, (URL, "redis://a.example.com/0"))
    with pytest.raises(ConfigError, match="the address names no sentinels") as caught:
        configuration.load(path)
    assert "sentinel_user" in str(caught.value)
    edit(path, ("redis://a.example.com/0", URL), ('sentinel_password_file = "sentinel.password"\n', ""))
    with pytest.raises(ConfigError, match="a user without a password; mend: sentinel_password_file"):
        configuration.load(path)


def test_data_nodes_are_not_shown_the_sentinels_password() -> None:
    """Each side has its own."""
    made = client_for(URL, Password("of-data", "mfa"), Password(OLD)).connection_pool
    asked = made.sentinel_manager.sentinels[0].connection_pool.connection_kwargs
    assert asked["credential_provider"].get_credentials() == (OLD,)
    assert made.connection_kwargs["credential_provider"].get_credentials() == ("mfa", "of-data")
