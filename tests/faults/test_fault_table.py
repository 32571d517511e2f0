"""docs/reliability.md shows the fault matrix as the tests play it. `make docs-reference` writes the table anew."""

from __future__ import annotations

import os
from pathlib import Path

from fault_causes import FAULTS
from fault_ends import table
from fault_signals import SIGNALS, SOCKETS

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- the table: make docs-reference -->\n\n", "\n\n<!-- end of the table -->"


def test_the_page_shows_every_cell() -> None:
    """The table of the page is the one that the tests hold; with UPDATE_DOCS=1 it is written first."""
    before, rest = PAGE.read_text().split(BEGIN)
    shown, after = rest.split(END)
    made = "\n".join(table())
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(before + BEGIN + made + END + after)
        shown = made
    assert shown == made, "make docs-reference writes it anew"


def test_every_fault_has_a_name_of_its_own() -> None:
    """Otherwise one row would speak for two."""
    names = [*(row.name for row in (*SIGNALS, *FAULTS)), *SOCKETS]
    assert len(set(names)) == len(names)
