"""Threads that matter: tasks are taken in order, a few at a time, and a failure of the store ends none of them."""

from __future__ import annotations

import threading

from jenkins_mfa.errors import StoreUnavailableError
from jenkins_mfa.threads import Crew, Pool


def test_a_pool_does_no_more_than_its_size_at_once_and_in_order() -> None:
    """Two tasks wait for a latch: the third begins only when one of them has ended."""
    crew, latch, begun = Crew(), threading.Event(), []
    both, third = threading.Barrier(3), threading.Event()
    pool = Pool(crew, "open", 2)

    def held(name: str) -> None:
        begun.append(name)
        both.wait(10)
        latch.wait(10)

    pool.begin(lambda: held("first"))
    pool.begin(lambda: held("second"))
    pool.begin(third.set)
    both.wait(10)
    assert sorted(begun) == ["first", "second"]
    assert not third.is_set()
    latch.set()
    assert third.wait(10)
    assert crew.stop(10)


def test_a_store_that_is_away_ends_no_thread_of_a_pool() -> None:
    """The task is lost, which its next poll finds out; the thread takes the next one."""
    crew, done = Crew(), threading.Event()
    pool = Pool(crew, "open", 1)

    def away() -> None:
        raise StoreUnavailableError("away")

    pool.begin(away)
    pool.begin(done.set)
    assert done.wait(10)
    assert not crew.failed.is_set()
    assert crew.stop(10)


def test_anything_else_stops_the_agent() -> None:
    """A critical thread that dies is a reason to be started anew."""
    crew = Crew()
    Pool(crew, "open", 1).begin(lambda: 1 // 0)
    assert crew.failed.wait(10)
    assert crew.stop(10)
