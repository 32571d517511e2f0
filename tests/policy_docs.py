"""Tables of docs/policy.md out of the JSON Schema, and files of the cookbook in its page: what is written once only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SCHEMA: dict[str, Any] = json.loads((files("jenkins_mfa.data") / "policy.schema.json").read_text())
SHOWN = re.compile(r"(<!-- reference: (\S+) -->\n).*?(<!-- end of reference -->)", re.DOTALL)
FILES = re.compile(r"(<!-- file: (\S+) -->\n).*?(<!-- end of file -->)", re.DOTALL)


def with_reference(page: str) -> str:
    """The page with the tables that its markers name: a definition of the schema, or `policy` for its root."""
    return SHOWN.sub(lambda found: found[1] + "\n".join(table(found[2])) + "\n" + found[3], page)


def with_files(page: str) -> str:
    """The page with the files that its markers name, from docs/."""
    return FILES.sub(lambda found: f"{found[1]}```toml\n{(ROOT / 'docs' / found[2]).read_text()}```\n{found[3]}", page)


def table(name: str) -> Iterator[str]:
    """The keys of one table, each with what holds if it is left out, and its meaning."""
    of = SCHEMA if name == "policy" else SCHEMA["$defs"][name]
    asks = name == "when"
    yield "| key | yes if |" if asks else "| key | if left out | meaning |"
    yield "|---|---|" if asks else "|---|---|---|"
    for key, value in of["properties"].items():
        middle = "" if asks else f" {_left_out(key, value, of.get('required', []))} |"
        yield f"| `{key}` |{middle} {value['description']} |"


def _left_out(key: str, value: dict[str, Any], required: list[str]) -> str:
    if key in required:
        return "needed"
    if "default" not in value:
        return "–"
    default = value["default"]
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"
