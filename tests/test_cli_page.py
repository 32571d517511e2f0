"""docs/cli.md is what the commands say of themselves. `make docs-reference` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

from cli_docs import page

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"


def test_the_page_is_the_commands_own() -> None:
    """With UPDATE_DOCS=1 it is written first."""
    made = page()
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "make docs-reference writes it anew"
