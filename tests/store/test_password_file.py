"""The password of the store's user: in a file of its own, and changed while connections are open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gate, opening

from cli_files import edit, with_keys, write
from clock import Clock
from command import run
from fakes import desk
from jenkins_mfa import config as configuration
from jenkins_mfa import token_takeover
from jenkins_mfa.errors import ConfigError, StoreUnavailableError
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.store.connect import client_for, open_store
from jenkins_mfa.store.settings import Password, Settings
from memory_store import MemoryStore
from store_server import SEAL_KEY, Server, server_binary

OLD, NEW = "old-password-of-the-store", "new-password-of-the-store"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One that takes the user `mfa` with the old password alone."""
    folder = tmp_path / "server"
    folder.mkdir()
    port = free_port()
    made = Server(server_binary(), folder, "--port", str(port))
    made.port = port
    made.start()
    with made.client() as admin:
        admin.execute_command("ACL", "SETUSER", "mfa", "on", f">{OLD}", "~*", "+@all")
        admin.execute_command("ACL", "SETUSER", "default", "off")
    yield made
    made.kill()


def url(server: Server) -> str:
    return f"redis://mfa@127.0.0.1:{server.port}/0"


def test_the_password_changes_while_connections_are_open(server: Server, tmp_path: Path) -> None:
    """What is open stays; a wrong one changes nothing; what connects afterwards has the new one."""
    file, told = tmp_path / "store.password", MemoryStore(Clock())
    file.touch(mode=0o600)
    file.write_text(OLD)
    settings = Settings(url(server), password=Password(OLD, "mfa"))
    assert settings.password is not None
    (takeover,) = token_takeover.store(settings, {"password_file": file}, desk(told))
    with open_store(settings, SEAL_KEY) as (store, _):
        for word in (OLD, "wrong-password", NEW):
            if word == NEW:
                with client_for(url(server), settings.password) as admin:
                    admin.execute_command("ACL", "SETUSER", "mfa", f">{NEW}")
            file.write_text(word)
            for _ in range(2):
                takeover.look()
            assert settings.password.value == (NEW if word == NEW else OLD)
        with client_for(url(server), settings.password) as admin:
            admin.execute_command("ACL", "SETUSER", "mfa", f"<{OLD}")
        store.commit(opening(gate()))
        store._wire.client.connection_pool.disconnect()
        assert store.gate(gate().id) == gate()
    assert [name.split(":")[1] for name in told.lanes] == ["token_refused"]
    assert not [word for word in (OLD, NEW, "wrong-password") if word in f"{told.__dict__} {settings} {takeover}"]
    with (
        pytest.raises(StoreUnavailableError),
        open_store(Settings(url(server), password=Password(OLD, "mfa")), SEAL_KEY),
    ):
        pass


def test_commands_read_the_file_also_where_secrets_are_left_alone(server: Server, tmp_path: Path) -> None:
    """The trail is read without tokens; the store asks for its password all the same."""
    (tmp_path / "store.password").touch(mode=0o600)
    (tmp_path / "store.password").write_text(OLD)
    path = with_keys(write(tmp_path, store=url(server)))
    edit(path, ('prefix = "mfa"', 'prefix = "mfa"\npassword_file = "store.password"'))
    assert run("pending", config=path).returncode == 0
    (tmp_path / "jenkins.token").unlink()
    assert run("audit", "tail", config=path).returncode == 0


def test_sentinels_and_names_of_users_go_with_it(tmp_path: Path) -> None:
    """The address keeps all but the user, who may be written with an escape; two passwords are one too many."""
    made = client_for("redis+sentinel://m%40fa@a.example.com/store/2", Password(OLD, "m@fa")).connection_pool
    kept = made.connection_kwargs
    assert (made.service_name, kept["db"], kept.get("username")) == ("store", 2, None)
    assert kept["credential_provider"].get_credentials() == ("m@fa", OLD)
    (tmp_path / "store.password").touch(mode=0o600)
    (tmp_path / "store.password").write_text(OLD)
    path = write(tmp_path, store="redis://m%40fa@127.0.0.1:1/0")
    edit(path, ('prefix = "mfa"', 'prefix = "mfa"\npassword_file = "store.password"'))
    password = configuration.load(path).store.password
    assert password is not None
    assert (password.user, password.value, repr(password)) == ("m@fa", OLD, "***")
    edit(path, ("m%40fa@", "mfa:other@"))
    with pytest.raises(ConfigError, match="the address has a password already"):
        configuration.load(path)
