"""The reference in docs/policy.md is the JSON Schema's. `make docs-reference` writes it anew."""

from __future__ import annotations

import os

from policy_docs import ROOT, SCHEMA, SHOWN, with_reference

PAGE = ROOT / "docs" / "policy.md"
VALUES = {"id", "ids", "name", "channel", "people", "watch", "glob", "globs", "trigger", "triggers", "pairs", "moment"}


def test_the_reference_is_the_one_of_the_schema() -> None:
    """Every table of the page, key by key; with UPDATE_DOCS=1 it is written first."""
    made = with_reference(PAGE.read_text())
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "make docs-reference writes it anew"


def test_the_reference_holds_every_table() -> None:
    """Each definition that is a table stands in the page, and each of its keys says what it means."""
    shown = {name for _, name, _ in SHOWN.findall(PAGE.read_text())}
    assert shown == {"policy", *SCHEMA["$defs"]} - VALUES
    for name in shown:
        keys = (SCHEMA if name == "policy" else SCHEMA["$defs"][name])["properties"]
        assert [key for key, value in keys.items() if not value.get("description")] == []
