"""Every recipe of docs/policy-cookbook.md does what its cases say, and stands in the page as it is on disk."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from jenkins_mfa.cli import main
from policy_docs import FILES, ROOT, with_files
from test_policy_schema import refused_by_schema

PAGE = ROOT / "docs" / "policy-cookbook.md"
COOKBOOK = ROOT / "docs" / "cookbook"
RECIPES = sorted(path.parent for path in COOKBOOK.glob("*/policy.toml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_a_recipe_does_what_its_cases_say(recipe: Path) -> None:
    """`policy test` is content, and so is an editor with the schema."""
    result = CliRunner().invoke(main, ["policy", "test", str(recipe)])
    assert result.exit_code == 0, result.output
    assert refused_by_schema(tomllib.loads((recipe / "policy.toml").read_text())) == []


def test_the_page_shows_every_recipe_as_it_is() -> None:
    """Policies and cases in the page are those that run; with UPDATE_DOCS=1 they are written there first."""
    made = with_files(PAGE.read_text())
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "make docs-reference writes it anew"
    shown = {name for _, name, _ in FILES.findall(made)}
    on_disk = {f"cookbook/{r.name}/{file}" for r in RECIPES for file in ("policy.toml", "policy_tests/cases.toml")}
    assert shown == {"cookbook/roster.toml"} | on_disk


def test_all_recipes_have_one_roster() -> None:
    """What the page shows once is what each recipe has."""
    assert {(recipe / "roster.toml").read_text() for recipe in RECIPES} == {(COOKBOOK / "roster.toml").read_text()}
