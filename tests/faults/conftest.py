"""A server that tests of faults may empty and kill."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jenkins_mfa.store.embedded import server_binary
from store_server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One for each module."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        own = Server(str(server_binary()), Path(folder))
        own.start()
        yield own
        own.kill()
