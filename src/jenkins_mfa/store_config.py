"""[store] of config.toml → how the store is reached, with which passwords, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jenkins_mfa.secret_files import Secret
from jenkins_mfa.store.sentinel import SCHEMES
from jenkins_mfa.store.settings import Password, Settings
from jenkins_mfa.toml_table import Table

PASSWORD, SENTINELS = "password_file", "sentinel_password_file"  #: keys that name files
URL = "redis://host:port/0, rediss://…, redis+sentinel://host:port,host:port/service, unix:///path, embedded:DIR"
TWICE = "the address has a password already; mend: take it out of url"
NO_SENTINELS = "the address names no sentinels; mend: redis+sentinel://host:port,host:port/service, or take it out"

Read = Callable[[Table, str], Secret]  #: of the file that a key names; empty after a problem


def store_settings(table: Table, secret: Read) -> tuple[Settings, dict[str, Path]]:
    """The settings, and the files of the passwords, by key. Problems are noted."""
    url = table.text("url", pattern=r"((redis|rediss)(\+sentinel)?|unix)://.+|embedded:.+", allowed=URL)
    found = {key: secret(table, key) for key in (PASSWORD, SENTINELS) if key in table}
    user, _, inside = urlsplit(url).netloc.rpartition("@")[0].partition(":")
    if PASSWORD in found and inside:
        table.fault(PASSWORD, TWICE)
    sentinel_user = table.text("sentinel_user", "", pattern=r"[!-~]{0,64}", allowed="a user's name")
    for key in (SENTINELS, "sentinel_user"):
        if key in table and url and not url.startswith(SCHEMES):
            table.fault(key, NO_SENTINELS)
    if sentinel_user and SENTINELS not in found:
        table.fault("sentinel_user", f"a user without a password; mend: {SENTINELS}")
    settings = Settings(
        url=url,
        prefix=table.text("prefix", "mfa", pattern=r"[a-z0-9][a-z0-9-]{0,31}", allowed="a-z, 0-9, dash; 32 at most"),
        durability=table.choice("durability", ("always", "everysec", "none"), "always"),
        replicas=table.integer("replicas", 0, low=0, high=4, unit="replicas"),
        password=_password(found.get(PASSWORD), unquote(user)),
        sentinels=_password(found.get(SENTINELS), sentinel_user),
    )
    table.done()
    return settings, {key: one.file for key, one in found.items()}


def _password(secret: Secret | None, user: str) -> Password | None:
    return Password(secret.reveal(), user) if secret is not None and secret.reveal() else None
