"""What `make audit` makes of pip-audit's report: a source that does not answer is no good news (S18)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from advisories import RIGHT, UNKNOWN, WRONG, verdict

GOOD: dict[str, Any] = {"name": "anyio", "version": "4.16.0", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2019-1"], "fix_versions": ["2.1"]}],
}
LEFT = {"name": "attrs", "skip_reason": "Dependency not found on PyPI and could not be audited: attrs (26.1.0)"}


ROOT = Path(__file__).parent.parent


def test_s18_every_locked_dependency_has_its_hashes() -> None:
    """All that the project needs stands in the lock, by one version, with what its files must be."""
    locked = re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements.lock").read_text())
    names = {re.split(r"[=;\[ ]", one)[0] for one in locked}
    assert all("==" in one and "--hash=sha256:" in one for one in locked)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {re.split(r"[>=\[]", one)[0] for one in project["dependencies"]} - names == set()


@pytest.mark.parametrize(
    ("packages", "if_reachable", "code", "says"),
    [
        ([GOOD], False, RIGHT, "No known vulnerability in 1 dependencies."),
        ([GOOD, BAD], True, WRONG, "jinja2 2.0: PYSEC-1, CVE-2019-1; mended in 2.1"),
        ([LEFT, BAD], True, WRONG, "jinja2 2.0: PYSEC-1"),
        ([LEFT], False, UNKNOWN, "NOT AUDITED: the source of advisories cannot be reached"),
        ([LEFT], True, RIGHT, "NOT AUDITED: the source of advisories cannot be reached"),
        ([GOOD, LEFT], True, UNKNOWN, "NOT AUDITED: 1 of 2: attrs"),
        (None, False, UNKNOWN, "NOT AUDITED"),
        (None, True, RIGHT, "NOT AUDITED"),
    ],
)
def test_s18_what_was_not_looked_up_is_said(packages: Any, if_reachable: bool, code: int, says: str) -> None:
    """pip-audit itself says “No known vulnerabilities found” where it found no advisories at all."""
    found = verdict(None if packages is None else {"dependencies": packages}, if_reachable=if_reachable)
    assert found.code == code
    assert found.lines[0].startswith(says)
