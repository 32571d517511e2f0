"""A server of a test's own, to be frozen and killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store_server import Server, server_binary


@pytest.fixture
def server(short_path: Path) -> Iterator[Server]:
    """A server of this test's own, to be ill-treated."""
    own = Server(server_binary(), short_path)
    own.start()
    yield own
    own.kill()
