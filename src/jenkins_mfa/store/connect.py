"""From `[store] url` to an open store: redis://, rediss://, unix://, redis+sentinel:// or embedded:DIR."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from jenkins_mfa.core.model import Commit
from jenkins_mfa.errors import ConfigError, StoreUnavailableError
from jenkins_mfa.store import sentinel
from jenkins_mfa.store.durability import Durability, inspect, snapshot
from jenkins_mfa.store.embedded import EmbeddedServer
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.store.reader import Reader
from jenkins_mfa.store.settings import Password, Settings
from jenkins_mfa.store.trail import Trail
from jenkins_mfa.store.wire import Wire

TIMEOUT = 2.0  #: seconds, for connecting and for an answer
RETRIES = 3  #: of connecting and of reads; a script is never sent again by the client
BACKOFF = (0.5, 0.05)  #: cap and base between two retries, seconds
IDLE = 15  #: seconds after which an idle connection is tried before it is used
SCHEMES = ("redis://", "rediss://", "unix://")
FORM = (
    "it is not redis://[USER:PASSWORD@]HOST:PORT[/DATABASE] with options that are known; "
    "write a slash in a password as %2F, a colon as %3A, an at sign as %40"
)


@contextmanager
def open_store(
    settings: Settings, key: bytes, noted: Callable[[Commit], None] | None = None
) -> Generator[tuple[RedisStore, Durability]]:
    """The store and what it promises, for as long as the context lasts; `key` seals its records, `noted` hears of each
    commit.

    Raises ConfigError for an URL of another kind, StoreUnavailableError, StoreUnusableError.
    """
    with _connected(settings) as client:
        with _located(settings.url):
            promise = inspect(client, accepted=settings.durability, replicas=settings.replicas)
        made = RedisStore(
            client, key, prefix=settings.tag, replicas=settings.replicas, accepted=settings.durability, noted=noted
        )
        yield made, promise


@contextmanager
def open_trail(settings: Settings) -> Generator[Trail]:
    """The trail alone, for whoever only reads it: without any key, and nothing is written.

    Raises ConfigError for an URL of another kind, StoreUnavailableError, StoreUnusableError for a newer schema.
    """
    with _connected(settings) as client:
        wire = Wire(client, settings.tag, lambda: 0)
        with _located(settings.url):
            wire.read_schema()
        yield Trail(wire)


@dataclass(frozen=True, slots=True)
class Untouched:
    """A store that is only looked at: its `schema` (0: an empty one), its records, and when the server last wrote a
    snapshot (Unix seconds; 0 where it did not since its start, or does not tell).
    """

    schema: int
    reader: Reader
    snapshot: int


@contextmanager
def open_untouched(settings: Settings, key: bytes) -> Generator[Untouched]:
    """The store as it is, of whatever schema: it is not marked with ours, so agents of another one go on.

    Raises ConfigError for an URL of another kind, StoreUnavailableError.
    """
    with _connected(settings) as client:
        wire = Wire(client, settings.tag, lambda: 0)
        with _located(settings.url):
            schema = wire.schema()
        yield Untouched(schema, Reader(wire, key), snapshot(client))


@contextmanager
def _connected(settings: Settings) -> Generator[redis.Redis]:
    """A client, and the server itself where it is ours to start."""
    url = settings.url
    with ExitStack() as stack:
        if url.startswith("embedded:"):
            server = EmbeddedServer(Path(url.removeprefix("embedded:")))
            stack.callback(server.stop)
            server.start()
            url = server.url
        yield stack.enter_context(client_for(url, settings.password, settings.sentinels))


@contextmanager
def _located(url: str) -> Generator[None]:
    """Name the address, without user, password and options but for files, where the store cannot be reached."""
    try:
        yield
    except StoreUnavailableError as error:
        address, _, options = re.sub(r"//.*@", "//", url).partition("?")
        place = " ".join([address, *re.findall(r"ssl_(?:ca_certs|certfile|keyfile)=[^&]*", options)])
        raise StoreUnavailableError(f"{error} ([store] url {place})") from None


def accepted(settings: Settings) -> None:
    """Raises ConfigError unless the store, and its sentinels where it has some, take these passwords now."""
    try:
        with client_for(settings.url, settings.password, settings.sentinels) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        raise ConfigError([f"the store does not take it: {type(error).__name__}"]) from None


def client_for(url: str, password: Password | None = None, sentinels: Password | None = None) -> redis.Redis:
    """A client with our own timeouts and retries; it connects when it is first used. Raises ConfigError."""
    options: dict[str, Any] = {
        "socket_timeout": TIMEOUT,
        "socket_connect_timeout": TIMEOUT,
        "retry": Retry(ExponentialWithJitterBackoff(*BACKOFF), RETRIES),
        "health_check_interval": IDLE,
        "protocol": 2,
    }
    if password is not None:
        url, options["credential_provider"] = re.sub(r"//[^/@]*@", "//", url, count=1), password
    if not url.startswith(SCHEMES + sentinel.SCHEMES):
        raise ConfigError([f"[store] url begins with {', '.join(SCHEMES + sentinel.SCHEMES)} or embedded:"])
    try:
        if url.startswith(sentinel.SCHEMES):
            return sentinel.sentinel_client(url, sentinels, **options)
        client = redis.Redis.from_url(url, **options)
        client.connection_pool.make_connection()  # connects to nothing yet, and refuses options that it does not know
        return client
    except (ValueError, TypeError) as error:
        # The libraries' own words repeat pieces of the address: a password with a slash in it is one for them.
        says = str(error) if str(error).endswith(sentinel.FORM) else FORM
        raise ConfigError([f"[store] url cannot be used: {says}"]) from None
