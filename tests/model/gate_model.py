"""A gate's life as a small model: two replicas, the store, Jenkins, people, the clock, one crash anywhere, and a
controller that is put back as it was while the input waited: then the next generation follows.

It shares no code with the agent. What the agent does between two commits is cut into single steps; every order of all
steps is walked. `TABLE` is the model's own reading of DESIGN's table, which a test compares with the code's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

#: (state, what happens) → state. What is missing changes nothing.
TABLE = {
    ("pending", "confirmed"): "approved",
    ("pending", "denied"): "denied",
    ("pending", "deadline"): "expired",
    ("pending", "ended"): "withdrawn",
    ("pending", "by another"): "bypassed",
    ("pending", "by us"): "bypassed",
    ("approved", "denied"): "denied",
    ("approved", "retracted"): "pending",
    ("approved", "deadline"): "expired",
    ("approved", "claimed"): "sending",
    ("approved", "ended"): "withdrawn",
    ("approved", "by another"): "bypassed",
    ("approved", "by us"): "bypassed",
    ("sending", "lapsed"): "expired",
    ("sending", "ended"): "withdrawn",
    ("sending", "by another"): "bypassed",
    ("sending", "by us"): "resumed",
    ("denied", "ended"): "aborted",
    ("denied", "by another"): "bypassed",
    ("denied", "by us"): "bypassed",
    ("expired", "ended"): "aborted",
    ("expired", "by another"): "bypassed",
    ("expired", "by us"): "bypassed",
}
DECIDED = frozenset({"approved", "sending", "denied", "expired"})  #: an answer is to be brought
SETTLED = frozenset({"resumed", "aborted", "withdrawn", "bypassed"})


class Reading(NamedTuple):
    """What one read of the build said: whether its input is open, and who has proceeded its inputs. `late`: the
    receipt had expired before the read began. `of` is the generation that was known by then.
    """

    open: bool
    settlers: tuple[str, ...]
    late: bool
    of: int = 1


class Replica(NamedTuple):
    """Where an agent stands in a delivery; `wire` is a request of its own that Jenkins may still get. What it sends is
    of the generation `of`.
    """

    at: str = "idle"  # idle, leased, read, send:ANSWER, sent, reread, dead
    reading: Reading | None = None
    wire: str = ""
    of: int = 1


class World(NamedTuple):
    """All that the invariants speak of."""

    gate: str = "pending"
    generation: int = 1
    due: bool = False  # the lane holds something to deliver
    lease: int = -1  # the replica that holds the lane
    receipt: str = ""  # "", valid, expired
    seen: int = 0  # settlers that were judged
    open: bool = True
    settlers: tuple[str, ...] = ()
    run: str = "paused"  # paused, body (runs or ran), over
    replicas: tuple[Replica, ...] = (Replica(), Replica())
    foreign: int = 1  # how often somebody else may still act in Jenkins
    retractions: int = 1
    crashes: int = 1
    slow: int = 1  # how often a live replica may keep a lane beyond its lease
    restores: int = 0  # how often the controller may be put back
    stale: bool = False  # it was, and what the gate says may be of before
    confirmed: bool = False  # a quorum stood when the claim was made
    denied: bool = False  # a denial was stored before a claim, of this generation or one before


Step = tuple[str, World]


def _move(world: World, event: str, **also: object) -> World:
    """The gate after a commit; the world as it is, where the table refuses."""
    after = TABLE.get((world.gate, event))
    if after is None:
        return world
    receipt = "valid" if event == "claimed" else "" if event == "lapsed" else world.receipt
    due = world.due or after in DECIDED
    return world._replace(gate=after, due=due, receipt=receipt, **also)  # type: ignore[arg-type]


def _set(world: World, number: int, replica: Replica, **also: object) -> World:
    replicas = tuple(replica if n == number else r for n, r in enumerate(world.replicas))
    return world._replace(replicas=replicas, **also)  # type: ignore[arg-type]


def people(world: World) -> Iterator[Step]:
    """Approvers answer; somebody acts in Jenkins: an administrator, a thief of our token, or whoever may abort."""
    yield "confirm", _move(world, "confirmed")
    yield "deny", _move(world, "denied", denied=True)
    if world.retractions:
        yield "retract", _move(world, "retracted", retractions=world.retractions - 1)
    if world.foreign and world.open:
        gone = world._replace(open=False, run="over", foreign=0)
        yield "proceeded by another", gone._replace(settlers=(*world.settlers, "another"))
        yield "proceeded with our token", gone._replace(settlers=(*world.settlers, "us"))
        yield "aborted by somebody", gone


def clock(world: World) -> Iterator[Step]:
    """Deadline, end of a receipt, end of a lease whose holder is dead or slow."""
    yield "deadline", _move(world, "deadline")
    if world.receipt == "valid":
        yield "receipt expires", world._replace(receipt="expired")
    if world.lease >= 0:
        lost = world.replicas[world.lease].at in {"idle", "dead"}
        if lost or world.slow:
            yield "lease ends", world._replace(lease=-1, slow=world.slow - (not lost))


def jenkins(world: World) -> Iterator[Step]:
    """A request arrives, at last; the library runs the body for a receipt that is valid still."""
    for number, replica in enumerate(world.replicas):
        if not replica.wire:
            continue
        arrived = _set(world, number, replica._replace(wire=""))
        if world.open and replica.wire == "abort":
            arrived = arrived._replace(open=False, run="over")
        elif world.open:
            run = "body" if world.receipt == "valid" else "over"
            arrived = arrived._replace(open=False, run=run, settlers=(*world.settlers, "us"))
        yield f"{replica.wire} of {number} arrives", arrived


def restore(world: World) -> Iterator[Step]:
    """The controller knows of nothing after the pause; the connections of its process ended with it."""
    if world.restores and not world.open:
        quiet = tuple(replica._replace(wire="") for replica in world.replicas)
        back = world._replace(open=True, settlers=(), run="paused", replicas=quiet, restores=world.restores - 1)
        yield "put back", back._replace(stale=True)


def watcher(world: World) -> Iterator[Step]:
    """Any replica's watcher misses the input and reads the build, or sees it wait again after its gate has ended: then
    the next generation opens, which knows no claim, and is denied where the one before was.
    """
    if not world.open and world.gate not in SETTLED:
        yield "watched", _judged(world, _read(world))
    if world.open and world.gate in SETTLED:
        after = "denied" if world.denied else "pending"
        seen = min(world.seen, len(world.settlers))
        due = world.due or world.denied
        anew = world._replace(gate=after, generation=world.generation + 1, receipt="", seen=seen, due=due)
        yield "opened anew", anew._replace(confirmed=False, stale=False)


def agent(world: World, number: int) -> Iterator[Step]:
    """One replica's next step in a delivery."""
    me = world.replicas[number]
    if me.at == "idle" and world.due and world.lease < 0:
        yield f"{number} leases", _set(world, number, me._replace(at="leased"), lease=number)
    elif me.at == "leased":
        if world.gate not in DECIDED:
            yield f"{number} is done", _back(world, number, due=False)
        else:
            yield f"{number} reads", _set(world, number, me._replace(at="read", reading=_read(world)))
    elif me.at == "read":
        yield from _decides(world, number, me)
    elif me.at.startswith("send:") and not me.wire:
        decided = {"sending"} if me.at == "send:proceed" else {"denied", "expired"}
        stands = world.gate in decided and world.generation == me.of
        sent = me._replace(at="sent", wire=me.at[5:]) if stands else me._replace(at="leased", reading=None)
        yield f"{number} sends", _set(world, number, sent)
    elif me.at == "sent":  # answered, or timed out with the request still under way
        yield f"{number} reads again", _set(world, number, me._replace(at="reread", reading=_read(world)))
    elif me.at == "reread" and me.reading is not None:
        judged = _judged(world, me.reading)
        if judged == world:
            yield f"{number} tries later", _back(world, number, due=True)
        else:
            yield f"{number} judges", _set(judged, number, me._replace(at="leased", reading=None))


def crash(world: World, number: int) -> Iterator[Step]:
    """kill -9, and a start with nothing in memory. What is on the wire stays there."""
    me = world.replicas[number]
    if me.at == "dead":
        yield f"{number} starts", _set(world, number, me._replace(at="idle"))
    elif world.crashes:
        dead = me._replace(at="dead", reading=None)
        yield f"{number} is killed", _set(world, number, dead, crashes=world.crashes - 1)


def same(world: World) -> World:
    """The world with its replicas in order: which of the two is which makes no difference."""
    first, second = world.replicas
    if (first.at, first.reading or (), first.wire) <= (second.at, second.reading or (), second.wire):
        return world
    return world._replace(replicas=(second, first), lease=1 - world.lease if world.lease >= 0 else -1)


def steps(world: World) -> Iterator[Step]:
    """All that can happen next."""
    for number in range(len(world.replicas)):
        yield from agent(world, number)
        yield from crash(world, number)
    yield from people(world)
    yield from clock(world)
    yield from jenkins(world)
    yield from restore(world)
    yield from watcher(world)


def fair(world: World) -> Iterator[Step]:
    """What happens by itself if nobody does anything: agents, requests, the clock; no person, no crash."""
    for number, replica in enumerate(world.replicas):
        yield from agent(world, number)
        if replica.at == "dead":
            yield from crash(world, number)
    yield from clock(world)
    yield from jenkins(world)
    yield from watcher(world)


def _read(world: World) -> Reading:
    return Reading(world.open, world.settlers, world.receipt == "expired", world.generation)


def _back(world: World, number: int, due: bool) -> World:
    """The lane is settled, unless the lease was lost; then only this replica forgets it."""
    idle = Replica(wire=world.replicas[number].wire)
    if world.lease != number:
        return _set(world, number, idle)
    return _set(world, number, idle, lease=-1, due=due)


def _sends(world: World, me: Replica, answer: str) -> Replica:
    return Replica(f"send:{answer}", wire=me.wire, of=world.generation)


def _lapsed(_world: World, reading: Reading) -> bool:
    """Whether nothing accepts the receipt any more, and the reading has not seen it accepted: it began afterwards."""
    return reading.late


def _judged(world: World, reading: Reading) -> World:
    """What the run's record says is applied to the gate as it is stored now, and only what was not judged before."""
    if reading.open or world.gate in SETTLED or reading.of != world.generation:
        return world
    new = reading.settlers[world.seen :]
    if not new:
        return _move(world, "ended", seen=len(reading.settlers))
    ours = new == ("us",) if world.gate == "sending" else set(new) == {"us"}
    return _move(world, "by us" if ours else "by another", seen=len(reading.settlers))


def _decides(world: World, number: int, me: Replica) -> Iterator[Step]:
    """After the first reading: judge it, let a claim lapse, claim, or send what was decided."""
    if me.reading is None:
        return
    judged = _judged(world, me.reading)
    again = me._replace(at="leased", reading=None)
    if judged != world:
        yield f"{number} judges", _set(judged, number, again)
    elif me.reading.of != world.generation:
        yield f"{number} looks again", _set(world, number, again)
    elif not me.reading.open:
        yield f"{number} tries later", _back(world, number, due=True)
    elif world.gate == "sending" and _lapsed(world, me.reading):
        yield f"{number} gives the claim up", _set(_move(world, "lapsed"), number, again)
    elif world.gate == "approved":
        claimed = _move(world, "claimed", confirmed=True)
        yield f"{number} claims", _set(claimed, number, _sends(world, me, "proceed"))
    elif world.gate == "sending":
        yield f"{number} takes the claim up", _set(world, number, _sends(world, me, "proceed"))
    elif world.gate in {"denied", "expired"}:
        yield f"{number} aborts", _set(world, number, _sends(world, me, "abort"))
    else:
        yield f"{number} looks again", _set(world, number, again)
