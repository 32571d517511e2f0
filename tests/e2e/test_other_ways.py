"""Answers without the message's buttons, on real parts: typed in Slack, taken back, at a terminal."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

from at_terminal import at_terminal
from command import run
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, CAROL, PATIENCE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION, STAGING
from jenkins_mfa.simulators.slack import plain

ROTATION = "rotate-secrets"


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """One demo world for the module, in which alice has a login at this host."""
    login = pwd.getpwuid(os.getuid()).pw_name
    roster = files._roster().replace('"jenkins:main" = "awu"', f'"jenkins:main" = "awu", "operator:local" = "{login}"')
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        patch.setattr(files, "_roster", lambda: roster)
        with World(Path(folder)) as made:
            yield Player(made)


def short(player: Player, build: Build) -> str:
    """The id of the build's gate, as its message tells it."""
    told = player.world.slack.slash(ALICE, "/mfa", "pending", files.CHANNEL).wait("ephemeral", PATIENCE).text
    line = next(line for line in told.splitlines() if f"#{build.number} {build.job.full_name}:" in line)
    return line.partition("/mfa show ")[2][:4]


def typed(player: Player, user: str, text: str) -> str:
    """What a command answers."""
    return player.world.slack.slash(user, "/mfa", text, files.CHANNEL).wait("ephemeral", PATIENCE).text


def test_a_confirmation_that_was_taken_back_holds_the_build(player: Player) -> None:
    """By the button of the private answer; the message says what is open again, and the same person confirms anew."""
    slack = player.world.slack
    build, message = player.pause(ROTATION)
    player.tap(ALICE, message, confirm=True).wait("ephemeral", PATIENCE)
    private = slack.ephemerals(ALICE)[-1]
    slack.press(ALICE, private.channel, private.ts, "gate_retract")
    assert slack.wait_for(lambda s: s.ephemerals(ALICE)[-1].text.startswith("Taken back:"), PATIENCE)
    player.tap(CAROL, message, confirm=True).wait("ephemeral", PATIENCE)
    assert build.building
    assert typed(player, ALICE, f"retract {short(player, build)}") == "There is no confirmation of yours to take back."
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    shown = typed(player, ALICE, "help")
    assert "/mfa retract ID" in shown


def test_a_typed_approve_shows_what_it_confirms_and_counts(player: Player) -> None:
    """A tap is enough here: the form stands between the command and the confirmation."""
    slack = player.world.slack
    build, _ = player.pause(STAGING)
    slack.slash(BOB, "/mfa", f"approve {short(player, build)}", files.CHANNEL).wait("modal", PATIENCE)
    form = slack.views(BOB)[-1]
    assert form["callback_id"] == "gate_tap"
    assert build.building
    assert slack.submit(BOB, form, {}).closed
    player.finished(build, "SUCCESS")


def test_a_typed_approve_takes_a_code_where_one_is_asked(player: Player) -> None:
    """The form of the button; a typed deny of the next build aborts it."""
    world, slack = player.world, player.world.slack
    build, _ = player.pause(PRODUCTION)
    slack.slash(CAROL, "/mfa", f"approve {short(player, build)}", files.CHANNEL).wait("modal", PATIENCE)
    assert slack.submit(CAROL, slack.views(CAROL)[-1], {"code": world.code("carol")}).closed
    player.finished(build, "SUCCESS")
    second, _ = player.pause(PRODUCTION)
    slack.slash(BOB, "/mfa", f"deny {short(player, second)}", files.CHANNEL).wait("modal", PATIENCE)
    assert slack.submit(BOB, slack.views(BOB)[-1], {"reason": "not today"}).closed
    player.finished(second, "ABORTED")
    assert "not today" in plain(player.message(f"Denied, aborted: “{PRODUCTION}” #{second.number}"))


# -- at a terminal, while Slack is down --------------------------------------------------------------------------------


def terminal(player: Player, *arguments: str, answers: Sequence[str] = ()) -> tuple[int, str]:
    """A command on a terminal of its own; each prompt gets the next answer. Its exit code, and what it showed."""
    left = list(answers)

    def answer(since: str) -> str:
        return left.pop(0) if left and re.search(r"(show\)|Reason): $", since) else ""

    return at_terminal(*arguments, config=player.world.config_path, answer=answer)


@pytest.fixture
def down(player: Player) -> Iterator[tuple[str, Build]]:
    """A build waits for a code, and Slack is gone; its gate's id, and the build."""
    build, _ = player.pause(PRODUCTION)
    gate_id = short(player, build)
    player.world.slack.outage()
    yield gate_id, build
    player.world.slack.recover()
    build.wait(lambda: not build.building, PATIENCE)
    player.world.slack.wait_for(lambda s: s.connections == 2, PATIENCE)


def test_a_code_at_the_terminal_resumes_the_build_while_slack_is_down(player: Player, down: tuple[str, Build]) -> None:
    """The login's person by the roster; a wrong code says so, the right one is not shown, and the agent delivers."""
    gate_id, build = down
    code = player.world.code("alice")
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    exit_code, shown = terminal(player, "approve", gate_id, answers=[f"{wrong}\n", f"{code}\n"])
    assert exit_code == 0, shown
    assert "That code does not match. 4 tries left." in shown
    assert "Your confirmation counts: 1 of 1. Jenkins gets the answer now." in shown
    assert "message: Deploy 1.4" in shown
    assert code not in shown
    player.finished(build, "SUCCESS")


def test_a_code_on_the_console_resumes_the_build_while_slack_is_down(player: Player, down: tuple[str, Build]) -> None:
    """Bob signs in with a passkey, finds the gate, and gives a code; no part of Slack is there meanwhile."""
    gate_id, build = down
    url, http = files.pages(player.world.port), requests.Session()

    def post(path: str, **body: object) -> dict[str, Any]:
        page = hashlib.sha256(http.cookies.get("mfa-console", "").encode()).hexdigest()
        answer = http.post(f"{url}{path}", json=body, headers={"Origin": url, "Mfa-Page": page}, timeout=PATIENCE)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    begun = post("/console/sign-in/key/begin")
    signed = json.dumps(player.world.keys["bob"].sign(begun["options"], url))
    post("/console/sign-in/key/finish", state=begun["state"], answer=signed, to="/console")
    listed = http.get(f"{url}/console?mine", timeout=PATIENCE).text
    jti = next(one for one in re.findall(r'href="/console/gates/([^"]+)"', listed) if one.startswith(f"g_{gate_id}"))
    page = http.get(f"{url}/console/gates/{jti}", timeout=PATIENCE).text
    asks = re.search(r'data-asks="([^"]+)"', page)
    assert asks is not None
    given = {"way": "code", "asks": asks[1], "code": player.world.code("bob"), "number": ""}
    assert post(f"/console/gates/{jti}/approve", **given)["says"].startswith("Your confirmation counts: 1 of 1.")
    player.finished(build, "SUCCESS")


def test_a_denial_at_the_terminal_aborts_the_build_while_slack_is_down(player: Player, down: tuple[str, Build]) -> None:
    """The reason is asked for; one that says nothing is refused."""
    gate_id, build = down
    assert terminal(player, "deny", gate_id, "--reason", "no")[0] == 2
    exit_code, shown = terminal(player, "deny", gate_id, answers=["not on staging yet\n"])
    assert (exit_code, "Denied. The build is being aborted" in shown) == (0, True), shown
    player.finished(build, "ABORTED")


def test_ctrl_c_records_nothing(player: Player, down: tuple[str, Build]) -> None:
    """130, and the gate waits on; then the exit codes of what is refused, unknown, and not at a terminal."""
    gate_id, _ = down
    exit_code, shown = terminal(player, "approve", gate_id, answers=["\x03"])
    assert (exit_code, "Stopped. Nothing was recorded." in shown) == (130, True), shown
    assert terminal(player, "retract", gate_id)[0] == 4
    assert terminal(player, "approve", "ffff")[0] == 1
    found = run("deny", gate_id, config=player.world.config_path)
    assert (found.returncode, "needs a terminal" in found.stderr) == (2, True)
    assert terminal(player, "deny", gate_id, "--reason", "over now")[0] == 0
