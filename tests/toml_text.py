"""Writes plain values as TOML, all tables inline: for tests that change a parsed file."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any


def dump(document: dict[str, Any]) -> str:
    """One line for each key of the document."""
    return "".join(f"{json.dumps(key, ensure_ascii=False)} = {_value(value)}\n" for key, value in document.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(k, ensure_ascii=False)} = {_value(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return value.isoformat() if isinstance(value, datetime) else json.dumps(value, ensure_ascii=False)
