"""What a server promises is found out and told; one that may lose decisions is refused unless that is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jenkins_mfa.errors import ConfigError, StoreUnusableError
from jenkins_mfa.store.connect import client_for, open_store
from jenkins_mfa.store.durability import inspect
from jenkins_mfa.store.embedded import server_binary
from jenkins_mfa.store.settings import Settings
from store_server import SEAL_KEY, Server

Start = Callable[..., Server]


@pytest.fixture
def start(short_path: Path) -> Iterator[Start]:
    """Starts one server with options that win over the usual ones."""
    started: list[Server] = []

    def start_one(*options: str) -> Server:
        server = Server(str(server_binary()), short_path, *options)
        server.start()
        started.append(server)
        return server

    yield start_one
    for server in started:
        server.kill()


@pytest.mark.parametrize(("fixture", "name"), [("valkey", "Valkey 9."), ("redis_server", "Redis 7.")])
def test_a_server_as_it_should_be(request: pytest.FixtureRequest, fixture: str, name: str) -> None:
    """Name and true version, not what Valkey calls itself for old clients; and the full promise."""
    found = inspect(request.getfixturevalue(fixture).client())
    assert found.server.startswith(name)
    assert (found.aof, found.fsync, found.policy, found.evicted) == (True, "always", "noeviction", 0)
    assert not found.warning
    assert "neither a crash nor a power cut" in found.promise


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--maxmemory-policy", "allkeys-lru"), "maxmemory-policy allkeys-lru"),
        (("--maxmemory-policy", "volatile-lru"), "maxmemory-policy volatile-lru"),
        (("--appendonly", "no"), "appendonly no"),
        (("--appendfsync", "no"), "appendfsync no"),
    ],
)
def test_a_server_that_loses_decisions_is_refused(start: Start, options: tuple[str, str], names: str) -> None:
    """The sentence names the setting; only an explicit "none" accepts it, with a warning."""
    server = start(*options)
    with pytest.raises(StoreUnusableError, match=names), open_store(Settings(server.url), SEAL_KEY):
        pass
    with open_store(Settings(server.url, durability="none"), SEAL_KEY) as (_, found):
        assert found.warning
        assert "demos only" in found.promise


@pytest.mark.parametrize("options", [("--appendfsync", "everysec"), ("--no-appendfsync-on-rewrite", "yes")])
def test_less_than_always_is_a_warning(start: Start, options: tuple[str, str]) -> None:
    """A second of decisions may be lost in a power cut: said, not refused."""
    found = inspect(start(*options).client())
    assert found.warning
    assert "1 s" in found.promise


def test_what_the_server_does_not_tell_is_asserted(start: Start) -> None:
    """Where CONFIG is blocked the operator's word counts, and is shown as theirs."""
    server = start("--rename-command", "CONFIG", "")
    assert inspect(server.client()).fsync == "always (asserted)"
    assert inspect(server.client(), accepted="everysec").warning


@pytest.mark.parametrize("url", ["http://x", "redis", "", "redis://x:port"])
def test_other_urls_are_a_mistake_in_the_configuration(url: str) -> None:
    """Only the four kinds that are there."""
    with pytest.raises(ConfigError):
        client_for(url)


def test_a_password_in_the_url_reaches_no_error() -> None:
    """No secret ever reaches an error message."""
    with pytest.raises(ConfigError) as told:
        client_for("redis://:hunter2@x:port")
    assert "hunter2" not in str(told.value)
