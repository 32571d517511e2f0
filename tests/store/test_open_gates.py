"""What a process knows about open gates is brought up with what changed, whoever changed it, and is what one sees
that looks for the first time.
"""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from factory import gate, opening, step, stepped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clock import Clock
from jenkins_mfa.core.model import State
from jenkins_mfa.store.gates import RedisStore
from store_server import Server, new_store
from waiting import until

KEPT = 1000  #: gates of which is kept when they changed last
PREFIXES = (f"{{open-{number}}}" for number in itertools.count())
ACTS = st.lists(st.tuples(st.sampled_from(["open", "step", "settle", "look", "cut"]), st.integers(0, 5)), max_size=25)


class Agents:
    """One agent that changes gates, one that only looks, and what stands in the store behind them."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self.prefix = next(PREFIXES)
        self.writer, self.looker = (new_store(server, clock, self.prefix) for _ in range(2))
        self._server, self._clock = server, clock
        self.admin = server.client()
        self.changed = f"{self.prefix}:changed"

    def opened(self, count: int) -> None:
        for number in range(1, count + 1):
            self.writer.commit(opening(gate(number, at=number)))

    def fresh(self) -> RedisStore:
        """An agent that starts now."""
        return new_store(self._server, self._clock, self.prefix)

    def agree(self) -> bool:
        return self.looker.open_gates() == self.fresh().open_gates()

    def commands(self) -> dict[str, int]:
        """How often the server was asked for what, by one look."""
        self.admin.config_resetstat()
        self.looker.open_gates()
        return self.asked()

    def asked(self) -> dict[str, int]:
        """How often the server was asked for what since that was forgotten."""
        return {name.removeprefix("cmdstat_"): seen["calls"] for name, seen in self.admin.info("commandstats").items()}


@pytest.fixture
def agents(valkey: Server, clock: Clock) -> Agents:
    return Agents(valkey, clock)


def test_a_look_costs_what_has_changed_and_not_what_is_open(agents: Agents) -> None:
    """After one change among forty gates one record is read, and not the index of all."""
    agents.opened(40)
    assert len(agents.looker.open_gates()) == 40
    agents.writer.commit(step(stepped(gate(7, at=7))))
    asked = agents.commands()
    assert (asked.get("hmget"), asked.get("hgetall")) == (1, None)
    assert agents.commands().get("hmget") is None
    assert agents.agree()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(acts=ACTS)
def test_who_looks_now_and_then_sees_what_is_open(acts: list[tuple[str, int]], valkey: Server, clock: Clock) -> None:
    """Whatever happened between two looks, and however much of the list of changes is gone."""
    agents = Agents(valkey, clock)
    now = {}
    for act, number in acts:
        known = now.get(number)
        if act == "open" and known is None:
            now[number] = gate(number, at=10 - number)
            agents.writer.commit(opening(now[number]))
        elif act in {"step", "settle"} and known is not None and not known.state.settled:
            now[number] = stepped(known, State.WITHDRAWN if act == "settle" else State.PENDING)
            agents.writer.commit(step(now[number]))
        elif act == "cut":
            agents.admin.zremrangebyrank(agents.changed, 0, number)
        else:
            assert agents.agree()
    assert agents.agree()


def test_of_so_many_gates_is_kept_when_they_changed(agents: Agents) -> None:
    """The list of changes does not grow for ever."""
    agents.admin.zadd(agents.changed, {f"g_{number}": number - 5000 for number in range(1500)})
    agents.opened(2)
    assert agents.admin.zcard(agents.changed) == KEPT
    assert agents.admin.zrange(agents.changed, -2, -1) == [gate(1).id.encode(), gate(2).id.encode()]


def test_who_has_not_looked_for_longer_than_the_list_goes_back_looks_at_all(agents: Agents) -> None:
    """Of two changes since the last look the list has lost the first."""
    agents.opened(3)
    assert len(agents.looker.open_gates()) == 3
    for number in (1, 2):
        agents.writer.commit(step(stepped(gate(number, at=number), State.WITHDRAWN)))
    agents.admin.zremrangebyrank(agents.changed, 0, -2)
    assert [one.id for one in agents.looker.open_gates()] == [gate(3).id]


def test_what_an_agent_changed_that_keeps_no_list_is_seen(agents: Agents) -> None:
    """The count says that more has changed than the list names."""
    agents.opened(3)
    assert len(agents.looker.open_gates()) == 3
    agents.writer.commit(step(stepped(gate(2, at=2), State.WITHDRAWN)))
    agents.admin.zrem(agents.changed, gate(2).id)
    assert [one.id for one in agents.looker.open_gates()] == [gate(1).id, gate(3).id]


def test_a_store_that_was_put_back_is_read_from_the_start(agents: Agents) -> None:
    """Its count stands below the one of the last look."""
    agents.opened(2)
    kept = {key: agents.admin.dump(key) for key in agents.admin.keys(f"{agents.prefix}:*")}
    agents.writer.commit(step(stepped(gate(1, at=1), State.WITHDRAWN)))
    assert [one.id for one in agents.looker.open_gates()] == [gate(2).id]
    for key, value in kept.items():
        agents.admin.restore(key, 0, value, replace=True)
    assert [one.id for one in agents.looker.open_gates()] == [gate(1).id, gate(2).id]


def test_who_takes_another_trail_for_the_true_one_looks_from_the_start(agents: Agents) -> None:
    """Its count may by chance be that of the last look."""
    agents.opened(2)
    agents.looker.open_gates()
    agents.admin.hdel(f"{agents.prefix}:open", gate(1).id)
    assert not agents.agree()
    agents.looker.forget_written()
    assert agents.agree()


def test_threads_that_look_at_once_read_each_gate_once(agents: Agents, valkey: Server) -> None:
    """As all of an agent's threads do at its start: one reads, the others take what it found."""
    agents.opened(40)
    fresh, together = agents.fresh(), threading.Barrier(5)
    agents.admin.config_resetstat()
    valkey.freeze()
    with ThreadPoolExecutor(4) as pool:
        looks = [pool.submit(lambda: (together.wait(), fresh.open_gates())[1]) for _ in range(4)]
        together.wait()
        valkey.thaw()
        found = [look.result() for look in looks]
    assert [len(gates) for gates in found] == [40] * 4
    assert agents.asked()["hmget"] == 40


def test_a_look_under_way_keeps_nothing_of_a_trail_that_is_left(agents: Agents, valkey: Server) -> None:
    """It began on the one that is not true any more: the next look begins anew all the same."""
    agents.opened(2)
    valkey.freeze()
    with ThreadPoolExecutor(2) as pool:
        under_way = pool.submit(agents.looker.open_gates)
        until(agents.looker._looking.locked)
        left = pool.submit(agents.looker.forget_written)
        valkey.thaw()
        under_way.result()
        left.result()
    assert agents.commands()["hgetall"] == 1
