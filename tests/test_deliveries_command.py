"""`deliveries`: an operator sees what was given up, and has it tried again or drops it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from cli_files import edit, with_keys, write
from command import run
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.cli import seat
from jenkins_mfa.core.model import Commit, RunRecord
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.gates import RedisStore
from store_server import Server

_numbers = count(1)
GONE = "Slack: \u202eis_archived"
Command = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def path(tmp_path: Path, valkey: Server) -> Path:
    """A configuration with a store of its own."""
    made = with_keys(write(tmp_path, store=valkey.url))
    edit(made, ('prefix = "mfa"', f'prefix = "deliveries-{next(_numbers)}"'))
    return made


@pytest.fixture
def store(path: Path, valkey: Server) -> Iterator[RedisStore]:
    """It has given up two deliveries."""
    loaded = configuration.load(path)
    key = key_files.load(loaded.keys, "demo").mac_key
    made = RedisStore(client_for(valkey.url), key, prefix=loaded.store.tag)
    for number in (1, 2):
        made.commit(Commit(f"c{number}", (RunRecord(f"k{number}", 1),), (), (f"tell:g_{number}",)))
        due = made.claim_lane(10_000, skip=frozenset({"alert"}))
        assert due is not None
        made.park_lane(due, GONE)
    yield made
    made.close()


def waits(store: RedisStore) -> list[str]:
    """What will be delivered of gates."""
    found = []
    while due := store.claim_lane(10_000, skip=frozenset({"alert"})):
        found.append(due.lane)
    return found


def test_what_was_given_up_is_listed_with_its_reason(path: Path, store: RedisStore) -> None:
    """In words in which nothing can hide, or as a document; without any it says so."""
    said = run("deliveries", "list", config=path)
    first, second = said.stdout.splitlines()
    assert first == "tell:g_1  given up 0 s ago after 1 try: Slack: \\u202eis_archived"
    assert second.startswith("tell:g_2  ")
    found = json.loads(run("deliveries", "list", "--json", config=path).stdout)["deliveries"]
    assert [(one["delivery"], one["tries"], one["reason"]) for one in found] == [
        ("tell:g_1", 1, GONE),
        ("tell:g_2", 1, GONE),
    ]
    assert run("deliveries", "retry", config=path).returncode == 0
    assert run("deliveries", "list", config=path).stdout == "Nothing was given up.\n"


def test_s12_a_name_out_of_the_store_does_nothing_to_a_terminal(path: Path, store: RedisStore, valkey: Server) -> None:
    """S12: a job's name is in it, and who writes into the store may write any other."""
    raw = client_for(valkey.url)
    parked = f"{configuration.load(path).store.tag}:parked"
    assert raw.hgetall(parked)
    lane = "flood:main:\x1b[2Jteam\u202e/deploy"
    raw.hset(parked, lane, raw.hget(parked, "tell:g_1"))
    shown = "flood:main:\\u001b[2Jteam\\u202e/deploy"
    for command in (("deliveries", "list"), ("check",), ("deliveries", "retry")):
        said = run(*command, config=path).stdout
        assert shown in said
        assert not {"\x1b", "\u202e"} & set(said)


def test_all_or_some_are_tried_again(path: Path, store: RedisStore) -> None:
    """And the trail has the operator's word."""
    assert run("deliveries", "retry", "tell:g_2", config=path).stdout == "tell:g_2  is tried again\n"
    assert (waits(store), [one.lane for one in store.parked()]) == (["tell:g_2"], ["tell:g_1"])
    assert run("deliveries", "retry", config=path).stdout == "tell:g_1  is tried again\n"
    assert (waits(store), store.parked()) == (["tell:g_1"], [])
    last = list(store.audit_events())[-1].entry
    assert (last.event, last.actor, last.details) == ("delivery:retried", seat.operator(), {"lane": "tell:g_1"})
    told = run("audit", "tail", config=path).stdout
    assert "A delivery that was given up is tried again: “tell:g_1”" in told


def test_what_nobody_needs_is_dropped_by_name(path: Path, store: RedisStore) -> None:
    """Never all at once by accident, and nothing where one name is wrong."""
    for wrong, code, says in (
        ((), 2, "Say which."),
        (("tell:g_1", "tell:g_9"), 1, "tell:g_9 was not given up."),
    ):
        said = run("deliveries", "drop", *wrong, config=path)
        assert (said.returncode, said.stdout) == (code, "")
        assert says in said.stderr
        assert "jenkins-mfa deliveries list" in said.stderr
    assert run("deliveries", "drop", "tell:g_1", config=path).stdout == "tell:g_1  is dropped\n"
    assert ([one.lane for one in store.parked()], waits(store)) == (["tell:g_2"], [])
    assert list(store.audit_events())[-1].entry.event == "delivery:dropped"
