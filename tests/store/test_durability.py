"""What a server promises is found out and told; one that may lose decisions is refused unless that is accepted."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jenkins_mfa.errors import ConfigError, StoreUnusableError
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.store.connect import client_for, open_store
from jenkins_mfa.store.durability import held, inspect
from jenkins_mfa.store.settings import Settings
from replicated import running
from store_server import SEAL_KEY, Server, server_binary
from waiting import until

Start = Callable[..., Server]


@pytest.fixture
def start(short_path: Path) -> Iterator[Start]:
    """Starts one server with options that win over the usual ones."""
    started: list[Server] = []

    def start_one(*options: str) -> Server:
        server = Server(server_binary(), short_path, *options)
        server.start()
        started.append(server)
        return server

    yield start_one
    for server in started:
        server.kill()


@pytest.mark.parametrize("fixture", ["valkey", "redis_server"])
def test_a_server_as_it_should_be(request: pytest.FixtureRequest, fixture: str) -> None:
    """Name and true version, not what Valkey calls itself for old clients; and the full promise."""
    server = request.getfixturevalue(fixture)
    says = subprocess.run([server.binary, "--version"], capture_output=True, text=True, check=True).stdout
    found = inspect(server.client())
    assert says.startswith(found.server.replace(" ", " server v="))
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


def test_a_cluster_is_refused_with_what_to_use_instead(start: Start) -> None:
    """Its client cannot commit and wait for replicas in one step."""
    # Its bus would else listen at its port + 10,000, which not every free port leaves room for.
    bus = ("--cluster-port", str(free_port()))
    server = start("--cluster-enabled", "yes", "--port", str(free_port()), *bus)
    with pytest.raises(StoreUnusableError, match=r"Redis Cluster.*mend: .*sentinels"):
        inspect(server.client())


def test_a_replica_is_refused_with_what_to_name_instead(start: Start) -> None:
    """It would refuse each commit."""
    server = start("--replicaof", f"127.0.0.1 {free_port()}")
    with pytest.raises(StoreUnusableError, match=r"is a replica.*mend: name its primary"):
        inspect(server.client())


def test_what_is_said_of_replicas() -> None:
    """How many there are, and whether anybody waits for them: that decides what a fail-over may lose."""
    with running(server_binary(), 1) as servers, servers[0].client() as client:
        until(lambda: inspect(client).replicas == 1)
        alone, confirmed = inspect(client), inspect(client, replicas=1)
    assert "A fail-over to a replica can lose" in alone.promise
    assert "before 1 of its replicas have it" in confirmed.promise
    assert alone.lag <= 1
    assert alone.writes


def test_less_than_was_accepted_is_found_while_agents_run(start: Start) -> None:
    """Somebody changes the server's settings: the level that is there, and whether that is enough."""
    server = start()
    settings = Settings(server.url)
    with open_store(settings, SEAL_KEY) as (store, _), server.client() as client:
        assert store.durability() == ("always", True)
        client.config_set("appendfsync", "everysec")
        assert store.durability() == ("everysec", False)
        assert held(client, "everysec", 0) == ("everysec", True)
        client.config_set("maxmemory-policy", "allkeys-lru")
        assert store.durability() == ("none", False)
        assert held(client, "none", 0) == ("none", True)
        client.config_set("maxmemory-policy", "noeviction")
        assert held(client, "everysec", 1) == ("everysec", False)  # a replica is gone


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
