"""The way to the server: keys under one tag, scripts that survive a new server, failures told apart.

Reads may be sent again by the client itself. Scripts never are: only their caller knows whether a second run does harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import msgspec
import redis
from redis.exceptions import AuthenticationError, BusyLoadingError, NoScriptError, RedisError
from redis.exceptions import ConnectionError as LostConnectionError
from redis.exceptions import TimeoutError as AnswerTimeoutError

from jenkins_mfa import shapes
from jenkins_mfa.core import beats
from jenkins_mfa.core.model import SCHEMA
from jenkins_mfa.errors import StoreUnavailableError, StoreUncertainError, StoreUnusableError
from jenkins_mfa.failures import why

Answer = list[Any]  #: what a script returns: bytes and integers
UNWRITTEN = {b"conflict", b"head", b"lost", b"newer"}  #: verdicts of scripts that wrote nothing
WAIT_MS = 200  #: how long replicas may take to confirm


class Script:
    """A Lua script of this package, with common.lua in front of it."""

    def __init__(self, name: str) -> None:
        folder = files("jenkins_mfa.store") / "lua"
        self.text = (folder / "common.lua").read_text() + (folder / f"{name}.lua").read_text()
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class Wire:
    """One client, one prefix such as `{mfa}`, the tag of all keys. `offset_ms` moves the server's clock in tests;
    `replicas` of the server must have what `run` is to confirm.
    """

    def __init__(self, client: redis.Redis, prefix: str, offset_ms: Callable[[], int], replicas: int = 0) -> None:
        self.client: Any = client  # redis-py types answers as every mode's at once; this client gives bytes
        self._prefix = prefix
        self._offset_ms = offset_ms
        self._replicas = replicas

    def key(self, name: str) -> str:
        """The full name of a key."""
        return f"{self._prefix}:{name}"

    def now(self) -> int:
        """The server's clock, ms UTC."""
        with reading():
            seconds, micros = self.client.time()
        return int(seconds) * 1000 + int(micros) // 1000 + self._offset_ms()

    def run(self, script: Script, plan: dict[str, object], *, confirm: bool = False) -> Answer:
        """Run a script once. With `confirm`, what it wrote, and all that was written before, is with the replicas.

        Raises StoreUnavailableError when it surely did not run, StoreUncertainError when the answer was lost, or too
        few replicas have confirmed it: it stands in the server, and a fail-over may lose it.
        """
        packed = msgspec.msgpack.encode({**plan, "offset": self._offset_ms()})
        # A connection whose answer did not come in time is ended (`disconnect_on_error`): that of a sentinel's service
        # is not by itself, and what comes late would be taken for the answer to whatever is asked on it next.
        with reading():
            connection = self.client.connection_pool.get_connection()
        try:
            answer = self._evaluate(connection, script, packed)
            if confirm and answer and answer[0] not in UNWRITTEN:
                self._confirm(connection)
            return answer
        except (LostConnectionError, AnswerTimeoutError) as error:
            raise StoreUncertainError(f"the store's answer was lost: {why(error)}") from error
        except RedisError as error:
            raise StoreUnavailableError(f"the store refused: {error}") from error
        finally:
            self.client.connection_pool.release(connection)

    def _evaluate(self, connection: Any, script: Script, packed: bytes) -> Answer:
        """By digest; a server that does not know the script (new, or after a failover) is given it whole."""
        try:
            connection.send_command("EVALSHA", script.sha, 1, self.key("schema"), packed)
            answer: Answer = connection.read_response(disconnect_on_error=True)
        except NoScriptError:
            connection.send_command("EVAL", script.text, 1, self.key("schema"), packed)
            answer = connection.read_response(disconnect_on_error=True)
        return answer

    def _confirm(self, connection: Any) -> None:
        """WAIT until the replicas have what this connection wrote last, and so all before it.

        On the same connection: after a fail-over another one would ask a server that never had it. Only after a write
        of its own: WAIT counts from there, and without one Valkey confirms what no replica has.
        """
        if self._replicas:
            connection.send_command("WAIT", self._replicas, WAIT_MS)
            have = int(connection.read_response(disconnect_on_error=True))
            if have < self._replicas:
                raise StoreUncertainError(f"{have} replicas of the store have it, not {self._replicas}")

    def claim_schema(self) -> None:
        """Mark the store with our schema: from then on older agents write nothing. Raises StoreUnusableError for one
        that is newer than ours, and for an older one on which agents still run: they would stand still.
        """
        found = self.read_schema()
        if 0 < found < SCHEMA and beats.fresh(self.beats(), "agent", self.now()):
            raise StoreUnusableError(
                f"agents that know schema {found} run on this store, this one knows {SCHEMA}; "
                "mend: stop all agents, wait a minute, start the new ones; open gates stay"
            )
        if found < SCHEMA:
            with reading():
                self.client.set(self.key("schema"), SCHEMA)

    def beats(self) -> dict[str, dict[str, object]]:
        """All heartbeat records."""
        with reading():
            found = self.client.hgetall(self.key("beats"))
        try:
            return {name.decode(): shapes.decode(value, dict[str, object]) for name, value in found.items()}
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise foreign("beats") from None

    def schema(self) -> int:
        """The store's schema, whatever we know; 0 for an empty one."""
        with reading():
            return whole(self.client.get(self.key("schema")), "schema")

    def read_schema(self) -> int:
        """The store's schema; 0 for an empty one. Raises StoreUnusableError for one that is newer than ours."""
        found = self.schema()
        if found > SCHEMA:
            raise newer_schema(found)
        return found


def newer_schema(found: int | None = None) -> StoreUnusableError:
    """The sentence for a store that a newer agent has written."""
    told = f"schema {found}" if found is not None else "a newer schema"
    says = f"the store has {told}, this release knows {SCHEMA}, and would lose what it does not know"
    return StoreUnusableError(f"{says}; mend: run the newer release; what stands in the way: jenkins-mfa upgrade-check")


def whole(raw: bytes | None, name: str) -> int:
    """The number that is stored under a name; 0 where there is none. Raises StoreUnusableError for anything else."""
    try:
        return int(raw or 0)
    except ValueError:
        raise foreign(name) from None


def foreign(name: str) -> StoreUnusableError:
    """The sentence for a key under which something stands that no agent writes."""
    return StoreUnusableError(
        f'the store\'s key "{name}" holds what no agent has written; mend: docs/operations.md, "Backup and restore"'
    )


@contextmanager
def reading() -> Generator[None]:
    """Map redis-py's errors where nothing was written: StoreUnavailableError."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailableError(f"the store cannot be used now: {_why(error)}") from error


def _why(error: RedisError | OSError) -> str:
    """The server's own words where it has answered; else what went wrong on the way."""
    if isinstance(error, AuthenticationError):
        return "it does not take the user and password of [store] url"
    if isinstance(error, BusyLoadingError):
        return "it still loads its files"
    if isinstance(error, LostConnectionError | AnswerTimeoutError | OSError):
        return why(error)
    return str(error)
