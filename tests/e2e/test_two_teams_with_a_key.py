"""Payments need two teams: security with a key, release with a code. On real parts, in any order, by two people."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jenkins_mfa.core import totp
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, CAROL, PATIENCE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.slack import Message

RULES = """
[[rules]]
name = "payments"
when = { pipeline = "payments*" }
require = [
  { factor = "webauthn", approvers = ["group:security"] },
  { factor = "totp", approvers = ["group:release"] },
]

"""


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """One demo world whose payments need two teams; bob and carol have keys, alice has a code app."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        patch.setattr(files, "POLICY", files.POLICY.replace("[default]", f"{RULES}[default]"))
        with World(Path(folder)) as made:
            for job in ("payments", "payments-too", "payments-alone"):
                made.jenkins.job(job, pay)
            yield Player(made)


def pay(build: Build) -> None:
    build.mfa_gate(lambda: build.echo("Paid."), environment="payments", action="pay", message="Pay the invoices of May")


def touch(player: Player, user: str, message: Message) -> str:
    """Open the page from Slack, and approve with the key; what the page says."""
    browser, page = player.key_page(user, message)
    return browser.answer(page, "approve")


def test_a_key_first_and_then_a_code(player: Player) -> None:
    """Security's key counts and waits for release; the receipt names both with what they gave."""
    build, message = player.pause("payments")
    assert touch(player, BOB, message).startswith("Your confirmation counts: 1 of 2")
    assert build.building
    assert player.code(ALICE, message, player.world.code("alice")).closed
    player.finished(build, "SUCCESS")
    assert "Approved: bob (webauthn, " in build.console
    assert "alice (totp, " in build.console
    assert not any(one.why for one in player.world.judged_keys())


def test_a_code_first_and_then_a_key(player: Player) -> None:
    """The other way round; the key's page was open before."""
    build, message = player.pause("payments-too")
    browser, page = player.key_page(CAROL, message)
    later = totp.code_at(player.world.seeds["alice"], int(time.time()) + totp.STEP)  # the present one may be used
    assert player.code(ALICE, message, later).closed
    assert build.building
    assert browser.answer(page, "approve").startswith("Your confirmation counts: 2 of 2")
    player.finished(build, "SUCCESS")
    assert "alice (totp, " in build.console
    assert "carol (webauthn, " in build.console


def test_one_person_of_both_teams_is_not_two(player: Player) -> None:
    """Carol's key is one confirmation; a code of hers beside it adds nothing."""
    build, message = player.pause("payments-alone")
    touch(player, CAROL, message)
    again = player.tap(CAROL, message).wait("ephemeral", PATIENCE).text
    assert "it must be another person" in again
    assert build.building
    player.world.proceed_as("admin", build, build.wait_paused())
    player.finished(build, "ABORTED")
    assert "Paid." not in build.console
