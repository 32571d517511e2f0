"""The primary that the sentinels name, asked anew at each connection: redis+sentinel://host:port,host:port/service."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.retry import Retry
from redis.sentinel import Sentinel

from jenkins_mfa.store.settings import Password

SCHEMES = ("redis+sentinel://", "rediss+sentinel://")
PORT = 26379  #: of a sentinel, where none is named
TIMEOUT = 0.5  #: seconds for one sentinel; then the next one is asked
FORM = "redis+sentinel://[USER:PASSWORD@]HOST:PORT,HOST:PORT,HOST:PORT/SERVICE[/DATABASE]"


def sentinel_client(url: str, password: Password | None = None, **options: Any) -> redis.Redis:
    """A client of the service's primary; it connects when it is first used. User, password and database are the data
    nodes', `password` is the sentinels'; TLS (`rediss+sentinel`) and its files hold for both. Raises ValueError.
    """
    parts = urlsplit(url)
    people, _, places = parts.netloc.rpartition("@")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError(f"it names no service: {FORM}")
    if database and not database.isdecimal():
        raise ValueError(f"a database is a number: {FORM}")
    who = f"{people}@" if people else ""
    plain = ConnectionPool.from_url(f"redis://{who}localhost/{database or 0}?{parts.query}", **options)
    given = {name: value for name, value in plain.connection_kwargs.items() if name not in {"host", "port"}}
    tls = {name: given.pop(name) for name in list(given) if name.startswith("ssl_")}
    tls |= {"ssl": True} if parts.scheme.startswith("rediss") else {}
    asked = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, "retry": Retry(NoBackoff(), 0), **tls}
    if password is not None:
        asked["credential_provider"] = password
    found: Any = Sentinel  # redis-py has no types here
    client: redis.Redis = found(_places(places), sentinel_kwargs=asked).master_for(service, **given, **tls)
    return client


def _places(text: str) -> list[tuple[str, int]]:
    """Host and port of each sentinel. Raises ValueError."""
    found = []
    for place in text.split(","):
        try:
            parts = urlsplit(f"//{place}")
            host, port = parts.hostname, parts.port or PORT
        except ValueError:
            host, port = None, PORT
        if not host:
            raise ValueError(f"one of its sentinels is no HOST:PORT: {FORM}")
        found.append((host, port))
    return found
