"""From `[store] url` to an open store: redis://, rediss://, unix:// or embedded:DIR."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from jenkins_mfa.errors import ConfigError, StoreUnavailableError
from jenkins_mfa.store.durability import Durability, inspect
from jenkins_mfa.store.embedded import EmbeddedServer
from jenkins_mfa.store.gates import RedisStore

TIMEOUT = 2.0  #: seconds, for connecting and for an answer
RETRIES = 3  #: of connecting and of reads; a script is never sent again by the client
BACKOFF = (0.5, 0.05)  #: cap and base between two retries, seconds
IDLE = 15  #: seconds after which an idle connection is tried before it is used
SCHEMES = ("redis://", "rediss://", "unix://")


@contextmanager
def open_store(
    url: str, key: bytes, *, prefix: str = "{mfa}", durability: str = "always"
) -> Generator[tuple[RedisStore, Durability]]:
    """The store and what it promises, for as long as the context lasts.

    `key` seals its records, `durability` is what the operator accepts (see `inspect`), and their word where the
    server does not tell. Raises ConfigError for an URL of another kind, StoreUnavailableError, StoreUnusableError.
    """
    with ExitStack() as stack:
        if url.startswith("embedded:"):
            server = EmbeddedServer(Path(url.removeprefix("embedded:")))
            stack.callback(server.stop)
            server.start()
            url = server.url
        client = stack.enter_context(client_for(url))
        try:
            promise = inspect(client, accepted=durability)
        except StoreUnavailableError as error:
            raise StoreUnavailableError(f"{error} ([store] url {_place(url)})") from None
        yield RedisStore(client, key, prefix=prefix), promise


def _place(url: str) -> str:
    """The address without user and password."""
    return re.sub(r"//[^/]*@", "//", url)


def client_for(url: str) -> redis.Redis:
    """A client with our own timeouts and retries; it connects when it is first used. Raises ConfigError."""
    if not url.startswith(SCHEMES):
        raise ConfigError([f"[store] url begins with {', '.join(SCHEMES)} or embedded:"])
    try:
        return redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(ExponentialWithJitterBackoff(*BACKOFF), RETRIES),
            health_check_interval=IDLE,
            protocol=2,
        )
    except ValueError as error:
        raise ConfigError([f"[store] url cannot be used: {error}"]) from None
