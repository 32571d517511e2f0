"""Each kind of store in turn, for the tests that hold them all to one contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clock import Clock
from jenkins_mfa.usecases.ports import Store
from memory_store import MemoryStore
from store_server import new_store


@pytest.fixture(params=["memory", "valkey", "redis_server"])
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Store]:
    """Each kind of store in turn, empty."""
    if request.param == "memory":
        yield MemoryStore(clock)
        return
    real = new_store(request.getfixturevalue(request.param), clock)
    yield real
    real.close()
