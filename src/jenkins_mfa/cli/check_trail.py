"""`check` of what is kept of the trail outside the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jenkins_mfa.cli.base import halves
from jenkins_mfa.cli.opened import load_keys
from jenkins_mfa.cli.report import Part, count
from jenkins_mfa.config import Config
from jenkins_mfa.core import beats
from jenkins_mfa.destination_config import DestinationConfig
from jenkins_mfa.errors import ArchiveError, RolledBackError
from jenkins_mfa.failures import lower
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases.continuity import Continuity
from jenkins_mfa.wiring import checkpoints_of

OLD = 300_000  #: ms after which a running agent's newest checkpoint is old


def trail_parts(config: Config, store: RedisStore) -> Iterator[Part]:
    """Whether the store is the one that its checkpoints know, and whether there are fresh ones."""
    checkpoints = checkpoints_of(config, load_keys(config))
    if checkpoints is None:
        mend = "start the agent once, or jenkins-mfa keys generate"
        yield Part("trail.no_key", False, "there is no key for checkpoints yet", mend)
        return
    try:
        continuity = Continuity(store, checkpoints)
        continuity.require()
        newest = continuity.kept.newest
    except (RolledBackError, ArchiveError) as error:
        says, mend = halves(str(error))
        found = "trail.behind" if isinstance(error, RolledBackError) else "trail.unread"
        yield Part(found, False, says, mend or "see who may read and write there")
        return
    yield from _running(store)
    yield from _destinations(config.audit.destinations, store)
    if newest is None:
        yield Part("trail.checkpoint", True, "no checkpoint yet: the first agent that runs makes one")
        return
    age = max(0, store.now() - newest.at)
    says = f"newest checkpoint: event {newest.seq}, {age // 1000} s ago"
    if age > OLD and beats.fresh(store.beats(), "agent", store.now()):
        yield Part("trail.old", False, says, f"see that the agent can write {checkpoints.path}")
    else:
        yield Part("trail.checkpoint", True, says)


def _running(store: RedisStore) -> Iterator[Part]:
    """What the running agent says of it."""
    told, now = store.beats(), store.now()
    for beat in [*beats.fresh(told, "trail", now), *beats.fresh(told, "export", now)]:
        if beat.get("ok") is False:
            yield Part("trail.unkept", False, lower(str(beat.get("problem"))), "see the agent's log")


def _destinations(destinations: Sequence[DestinationConfig], store: RedisStore) -> Iterator[Part]:
    """What each has got so far, and why one gets nothing more now."""
    told, now, head, sent = store.beats(), store.now(), store.heads(), store.forwarded()
    for one in destinations:
        own = {name: beat for name, beat in told.items() if name.startswith(f"forward:{one.name}:")}
        failing = [beat for beat in beats.fresh(own, "forward", now) if beat.get("ok") is False]
        left = count(head.seq - sent[one.name].seq if one.name in sent else head.seq, "event")
        if failing:
            says = f"{left} not sent to {failing[0].get('problem')}"
            yield Part("trail.unsent", False, says, f"look at {one.url} from this host; the agent goes on trying")
        else:
            yield Part("trail.sent", True, f"{left} not sent to {one.name} yet")
