"""What a server promises: whether what it acknowledged survives a crash, a power cut, and full memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import redis
from redis.exceptions import ResponseError

from jenkins_mfa.errors import StoreError, StoreUnusableError
from jenkins_mfa.store.wire import reading

LEVELS = ("none", "everysec", "always")  #: of what a server keeps, the least first
OLDEST = 7  #: major version of the oldest Redis protocol whose scripts we run; Valkey says 7.2 here

CLUSTER = (
    "the store's server is part of a Redis Cluster, where no commit can wait for its replicas in one step; "
    "mend: use a server of its own, or one behind sentinels"
)
REPLICA = (
    "the store's server is a replica, which takes no writes; "
    "mend: name its primary in [store] url, or the sentinels that know it"
)
SILENT = (
    "the store's server does not tell its version, role, policy or replicas (INFO), so nobody knows what it keeps; "
    "mend: let the agent's user run INFO, or use another server"
)
PROMISES = {
    "always": "What was acknowledged is on disk: neither a crash nor a power cut of the server loses it.",
    "everysec": "Up to about 1 s of decisions can be lost in a power cut, and some on a crash with a slow disk.",
    "none": "Decisions can be lost whenever the server ends or its memory is full: for demos only.",
}


FAIL_OVER = "A fail-over to a replica can lose what the last moments brought."
CONFIRMED = "Nobody is told before {count} of its replicas have it."


@dataclass(frozen=True, slots=True)
class Durability:
    """What was found. `server` is its name and true version; `fsync` ends in "(asserted)" where the server does not
    tell and the operator's word counts; `evicted` counts keys thrown away so far; `replicas` are connected, the slowest
    of them `lag` seconds behind; `writes` says that the last write to disk went well; `level` (`always`, `everysec` or
    `none`) and its `promise` are what follows; `warning` says that it is less than `always`.
    """

    server: str
    aof: bool
    fsync: str
    policy: str
    evicted: int
    replicas: int
    lag: int
    writes: bool
    level: str
    promise: str
    warning: bool


def inspect(client: redis.Redis, *, accepted: str = "always", replicas: int = 0) -> Durability:
    """Read what the server tells. `accepted` is `always`, `everysec` or `none`, as configured; so many `replicas` are
    waited for.

    Raises StoreUnusableError for a server that is too old, a replica or part of a cluster, and, unless `none` is
    accepted, for one that evicts or does not write to disk, and for one that leaves out what this follows from;
    StoreUnavailableError.
    """
    with reading():
        info: dict[str, Any] = client.info("everything")
    try:
        return _judged(client, info, accepted, replicas)
    except (LookupError, TypeError, ValueError):
        raise StoreUnusableError(SILENT) from None


def held(client: redis.Redis, accepted: str, replicas: int) -> tuple[str, bool]:
    """The level that the server has now, and whether that is what was accepted at least: it can be changed while agents
    run, a disk can be full, and replicas can be gone. Raises StoreUnavailableError.
    """
    try:
        found = inspect(client, accepted=accepted, replicas=replicas)
    except StoreUnusableError:
        return LEVELS[0], False
    enough = LEVELS.index(found.level) >= LEVELS.index(accepted)
    return found.level, enough and found.writes and found.replicas >= replicas


def _judged(client: redis.Redis, info: dict[str, Any], accepted: str, replicas: int) -> Durability:
    """Raises LookupError, TypeError or ValueError where the server does not tell what it must."""
    name, version = _server(info)
    if int(str(info["redis_version"]).split(".")[0]) < OLDEST:
        raise StoreUnusableError(f"{name} {version} is too old; mend: Redis 7.0 or Valkey 8.0 is needed")
    if info.get("cluster_enabled"):
        raise StoreUnusableError(CLUSTER)
    if info["role"] != "master":
        raise StoreUnusableError(REPLICA)
    aof, policy = bool(info["aof_enabled"]), str(info["maxmemory_policy"])
    told = _fsync(client)
    level = (told or accepted) if aof and policy == "noeviction" else "none"
    if level == "no":
        level = "none"
    if level == "none" and accepted != "none":
        raise StoreUnusableError(_complaint(aof, policy))
    return Durability(
        server=f"{name} {version}",
        aof=aof,
        fsync=told or f"{accepted} (asserted)",
        policy=policy,
        evicted=int(info["evicted_keys"]),
        replicas=int(info["connected_slaves"]),
        lag=_lag(info),
        writes=info.get("aof_last_write_status", "ok") == "ok",
        level=level,
        promise=_promise(level, int(info["connected_slaves"]), replicas),
        warning=level != "always",
    )


def _promise(level: str, connected: int, wanted: int) -> str:
    """What the server keeps alone, and what becomes of it in a fail-over."""
    if wanted:
        return f"{PROMISES[level]} {CONFIRMED.format(count=wanted)}"
    return f"{PROMISES[level]} {FAIL_OVER}" if connected else PROMISES[level]


def _lag(info: dict[str, Any]) -> int:
    """How many seconds ago the slowest replica was last heard of; 0 without replicas."""
    return max((int(one["lag"]) for name, one in info.items() if re.fullmatch(r"slave\d+", name)), default=0)


def _server(info: dict[str, Any]) -> tuple[str, str]:
    """Valkey calls itself Redis 7.2.4 in `redis_version`; the truth stands beside it."""
    if info.get("server_name") == "valkey":
        return "Valkey", str(info["valkey_version"])
    return "Redis", str(info["redis_version"])


def _fsync(client: redis.Redis) -> str:
    """`always`, `everysec` or `no`; empty where the server does not tell (managed services)."""
    with reading():
        try:
            raw: Any = client.config_get("appendfsync", "no-appendfsync-on-rewrite")
        except ResponseError:
            return ""
    found = {_text(name): _text(value) for name, value in raw.items()}
    if found["no-appendfsync-on-rewrite"] == "yes":
        return "everysec"
    return found["appendfsync"]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _complaint(aof: bool, policy: str) -> str:
    """What to change, in one sentence."""
    if policy != "noeviction":
        return (
            f"the store's server throws data away when its memory is full (maxmemory-policy {policy}); "
            'mend: set it to noeviction, or accept losses with [store] durability = "none"'
        )
    if not aof:
        return (
            "the store's server does not write to disk (appendonly no); "
            'mend: set appendonly yes and appendfsync always, or accept losses with [store] durability = "none"'
        )
    return (
        "the store's server never makes sure that its data is on disk (appendfsync no); mend: set it to always, "
        'or accept losses with [store] durability = "none"'
    )


def snapshot(client: redis.Redis) -> int:
    """When the server last wrote a snapshot (Unix seconds); 0 where it did not since its start, or does not tell."""
    try:
        with reading():
            info: dict[str, Any] = client.info("persistence")
        return int(info["rdb_last_save_time"]) if int(info["rdb_saves"]) else 0
    except (StoreError, LookupError, TypeError, ValueError):
        return 0
