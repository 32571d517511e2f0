"""Waiting: one look for all who wait for the same, a change lets them go, and nobody is kept at the stop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from jenkins_mfa.web import waiting
from jenkins_mfa.web.waiting import Waiters


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.01)


def run(made: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(made, 20))


def test_a_change_lets_all_go_who_wait_for_it_and_they_share_their_looks() -> None:
    """A hundred who wait for the same cost one look, not a hundred."""
    state, looks = ["old"], []

    def look() -> str:
        looks.append(threading.current_thread())
        return state[0]

    async def story() -> list[str]:
        waiters = Waiters()
        asking = [asyncio.create_task(waiters.changed("gate", look, "old")) for _ in range(100)]
        while len(looks) < 3:
            await asyncio.sleep(0.01)
        assert waiters.count == 100
        assert not any(one.done() for one in asking)
        state[0] = "new"
        found = await asyncio.gather(*asking)
        assert waiters.count == 0
        return found

    assert run(story()) == ["new"] * 100
    assert len(looks) < 100
    assert threading.main_thread() not in looks


def test_what_has_changed_before_is_told_at_once() -> None:
    """Between the page and its request something may have happened."""
    assert run(Waiters().changed("gate", lambda: "2", "1")) == "2"


def test_nobody_waits_longer_than_a_proxy_lets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the page asks again."""
    monkeypatch.setattr(waiting, "LONGEST", 0.05)
    assert run(Waiters().changed("gate", lambda: "1", "1")) == "1"


def test_a_look_that_fails_keeps_nobody_else_waiting() -> None:
    """A damaged record is that page's own matter."""

    def broken() -> str:
        raise RuntimeError

    async def story() -> str:
        waiters = Waiters()
        stuck = asyncio.create_task(waiters.changed("damaged", broken, "1"))
        found = await waiters.changed("gate", lambda: "2", "1")
        stuck.cancel()
        return found

    assert run(story()) == "2"


def test_the_stop_lets_all_go_and_keeps_nobody_after() -> None:
    """Called from another thread, as the agent does."""

    async def story() -> list[str]:
        waiters = Waiters()
        asking = [asyncio.create_task(waiters.changed(str(n), lambda: "1", "1")) for n in range(10)]
        while waiters.count < 10:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(waiters.stop)
        return [*await asyncio.gather(*asking), await waiters.changed("late", lambda: "1", "1")]

    assert run(story()) == ["1"] * 11
