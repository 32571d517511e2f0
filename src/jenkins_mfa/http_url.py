"""Addresses that config.toml names."""

from __future__ import annotations

from urllib.parse import urlsplit

from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table


def http_url(table: Table, key: str, default: str | None = None) -> str:
    """An http(s) address that ends with a slash, without user, query or fragment."""
    given = key in table
    value = table.text(key, default, allowed="https://host/ or http://host/")
    parts = urlsplit(value)
    plain = not (parts.query or parts.fragment or parts.username)
    if given and value and (parts.scheme not in {"http", "https"} or not parts.hostname or not plain):
        table.fault(key, f"seen: {seen(value)}; allowed: https://host/ or http://host/, without user or query")
    return value if value.endswith("/") else f"{value}/"
