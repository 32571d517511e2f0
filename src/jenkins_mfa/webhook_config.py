"""[webhook] of config.toml → where gates are announced to, beside the people who are asked. Absent: nowhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from jenkins_mfa.destination_config import signing_secret
from jenkins_mfa.hook import Hook
from jenkins_mfa.tls_config import tls
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table

URL = "https://host/path; no user, no query"


def webhook(root: Table, base: Path, *, with_secrets: bool) -> Hook | None:
    """Where to; None where there is no [webhook], or one with problems, which are noted."""
    if "webhook" not in root:
        return None
    table = root.table("webhook")
    url = _url(table)
    found = Hook(
        url, signing_secret(table, base, with_secrets=with_secrets), tls(table, base, url, with_secrets=with_secrets)
    )
    table.done()
    return found if url else None


def _url(table: Table) -> str:
    """The address; empty after a problem."""
    value = table.text("url", allowed=URL)
    try:
        parts = urlsplit(value)
        right = parts.scheme == "https" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        right = False
    if value and (not right or parts.username or parts.query or parts.fragment):
        table.fault("url", f"seen: {seen(value)}; allowed: {URL}")
        return ""
    return value
