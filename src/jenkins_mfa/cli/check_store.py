"""What `check` says of the store's server: what it is, what it promises, and what takes from that now."""

from __future__ import annotations

import time
from collections.abc import Iterator

from jenkins_mfa.cli.report import Part, count
from jenkins_mfa.failures import lower
from jenkins_mfa.store.durability import Durability
from jenkins_mfa.store.settings import Settings

CLOCK_APART = 10  #: seconds between the store's clock and ours that are a finding


def promise_parts(found: Durability, settings: Settings) -> Iterator[Part]:
    """What the server is, and what it promises; then what takes from that now."""
    aof = found.fsync if found.aof else "off"
    copies = f", {count(found.replicas, 'replica')} ({found.lag} s behind)" if found.replicas else ""
    says = f"{found.server}, AOF {aof}, {found.policy}{copies}: {lower(found.promise.rstrip('.'))}"
    if found.warning and settings.durability == "always":
        mend = f'set appendfsync always, or durability = "{found.fsync}" in config.toml to accept it'
        yield Part("store.durability", False, says, mend)
    else:
        yield Part("store.promise", True, says)
    if found.evicted:
        yield Part(
            "store.evicted", False, f"{found.server} has thrown {found.evicted} keys away", "give it more memory"
        )
    if not found.writes:
        says = "its last write to disk did not succeed"
        yield Part("store.disk", False, says, "look at the server's disk and log")
    if found.replicas < settings.replicas:
        have = f"{count(found.replicas, 'replica')} of the {settings.replicas} that [store] replicas wants"
        mend = "start them; until then nobody is told and nothing goes on"
        yield Part("store.replicas", False, have, mend)


def clock_parts(now: int) -> Iterator[Part]:
    """Where the store's clock (`now`, ms UTC) is not ours: codes and deadlines are judged by it."""
    apart = (now - int(time.time() * 1000)) // 1000
    if abs(apart) > CLOCK_APART:
        way = "ahead of" if apart > 0 else "behind"
        mend = "synchronise both clocks: codes and deadlines are judged by the store's"
        yield Part("store.clock", False, f"its clock is {abs(apart)} s {way} this host's", mend)
