"""Three data nodes, three sentinels: the primary is killed in mid-story, and nothing acknowledged is lost."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from builders import RUN
from clock import Clock
from command import run
from jenkins_mfa.core.model import Commit, RunRecord
from jenkins_mfa.demo.auto import ALICE, APPROVED, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.errors import StoreError
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import Message
from jenkins_mfa.simulators.slack_model import ImpossibleActionError
from sentinels import Sentinels
from store_server import new_store, server_binary
from waiting import until


@pytest.fixture
def sentinels() -> Iterator[Sentinels]:
    with Sentinels(server_binary()) as made:
        yield made


def test_nothing_acknowledged_is_lost_in_a_fail_over(sentinels: Sentinels) -> None:
    """Commits go on while the primary is killed: what came back as done is there, once, and the trail is whole."""
    store = new_store(sentinels, Clock(), replicas=1)  # type: ignore[arg-type]
    done: dict[str, int] = {}
    stop = threading.Event()

    def work(name: str) -> None:
        version = 1
        while not stop.is_set():
            with suppress(StoreError):
                store.commit(Commit(f"{name}:{version}", (RunRecord(name, version),)))
                done[name] = version
                version += 1

    workers = [threading.Thread(target=work, args=(f"{RUN.key}:{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    until(lambda: sum(done.values()) > 200)
    before = sentinels.primary()
    sentinels.kill_primary()
    at = dict(done)
    until(lambda: all(done[name] > at[name] + 10 for name in at))
    stop.set()
    for worker in workers:
        worker.join()
    assert sentinels.primary() != before
    for name, version in done.items():
        assert version <= store.run(name).version <= version + 1
    store.close()


def insist(player: Player, build: Build, message: Message) -> None:
    """What Slack says to whoever tapped while the store was away: tap again."""
    for _ in range(30):
        with suppress(TimeoutError):
            build.wait(lambda: not build.building, 2)
            return
        with suppress(ImpossibleActionError):  # it has counted meanwhile, and the buttons are gone
            player.tap(ALICE, message, confirm=True)


def test_a_gate_ends_where_it_should_when_the_primary_is_killed(sentinels: Sentinels) -> None:
    """Asked before, tapped just before, resumed after: once. The trail verifies, and the next build goes as ever."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        world = World(Path(folder))
        world.server = sentinels  # type: ignore[assignment]
        with world:
            world.stop_agent()
            text = world.config_path.read_text()
            world.config_path.write_text(text.replace("[store]\n", "[store]\nreplicas = 1\n"))
            world.start_agent()
            player = Player(world)
            build, message = player.pause(STAGING)
            player.tap(ALICE, message, confirm=True)
            sentinels.kill_primary()
            insist(player, build, message)
            player.finished(build, "SUCCESS")
            player.message(f"{APPROVED}: “{STAGING}” #{build.number}")
            assert world.jenkins.count(f"POST /job/{STAGING}/{build.number}/input/") == 1
            again, other = player.pause(STAGING)
            player.tap(ALICE, other, confirm=True)
            insist(player, again, other)  # the other replica may not have followed the new primary yet
            player.finished(again, "SUCCESS")
            assert run("audit", "verify", config=world.config_path).returncode == 0
