"""Two agents on one real store, at the very moment at which the week ends: one digest."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from at_once import at_once
from clock import Clock
from fakes import desk
from jenkins_mfa.core.weekly import Weekly
from jenkins_mfa.digest_keeper import DigestKeeper
from store_server import Server, new_store

WEEK = 7 * 86_400


@pytest.mark.parametrize("polite", [True, False])
def test_two_agents_make_one_digest_each_week(valkey: Server, polite: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the courtesy that spares the other the work is lost: the store takes one."""
    clock = Clock()
    stores = [new_store(valkey, clock, f"{{digest-{polite}}}") for _ in range(2)]
    weekly = Weekly(0, 0, ZoneInfo("UTC"))
    keepers = [DigestKeeper(desk(store), weekly) for store in stores]
    for store in stores if not polite else ():
        monkeypatch.setattr(store, "courtesy", lambda *_: True)
    for number in range(4):
        at_once(*(lambda k=k, n=n: k.look(f"agent-{n}") for n, k in enumerate(keepers)))
        made = stores[0].claim_lane(1000)
        assert (made is not None) == (number > 0)
        if made is not None:
            assert made.lane.startswith("alert:digest:")
            stores[0].settle_lane(made)
        assert stores[0].claim_lane(1000) is None
        clock.move(seconds=WEEK)
    for store in stores:
        store.close()
