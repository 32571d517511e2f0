"""The demo played without a person: each step is printed as it happens, then one line per check."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import click

from jenkins_mfa.demo import files
from jenkins_mfa.demo.world import LATE, World
from jenkins_mfa.simulators.jenkins_pipeline import Build
from jenkins_mfa.simulators.jenkins_samples import HOUSEKEEPING, PRODUCTION, ROTATION, STAGING
from jenkins_mfa.simulators.slack import Message, Outcome, plain

ALICE, BOB, CAROL, DAN, EVE = "U0ALICE", "U0BOB", "U0CAROL", "U0DAN", "U0EVE"
NAMES = {user: name for _, name, _, user, _ in files.PEOPLE}
PATIENCE = 30.0  #: seconds for whatever is waited for
APPROVED = "Approved, resumed"


class CheckFailedError(Exception):
    """What was expected did not happen."""


@dataclass(slots=True)
class Player:
    """Acts as the people of the demo, and notes what happened."""

    world: World
    began: float = field(default_factory=time.monotonic)
    asked: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)

    def say(self, text: str) -> None:
        """One line with the seconds since the start."""
        click.echo(f"{time.monotonic() - self.began:5.1f} s  {text}")

    def pause(self, job: str, **parameters: str) -> tuple[Build, Message]:
        """Dan starts a build; returns it with the message that asks about it."""
        build = self.world.jenkins.build(job, user="dev", parameters=parameters or None)
        build.wait_paused()
        paused = time.monotonic()
        self.say(f"Jenkins: {build.name} paused")
        message = self.message(f"Needs confirmation: “{job}” #{build.number}")
        self.asked.append(time.monotonic() - paused)
        self.say(f"Slack: {plain(message).splitlines()[0]}")
        return build, message

    def message(self, beginning: str) -> Message:
        """The message in the channel that begins like this, once it does."""

        def find(_slack: object) -> Message | None:
            messages = self.world.slack.messages(files.CHANNEL)
            return next((m for m in messages if plain(m).startswith(beginning)), None)

        found = self.world.slack.wait_for(find, PATIENCE)
        expect(found is not None, f"a message “{beginning}”")
        return found  # type: ignore[return-value]

    def tap(self, user: str, message: Message, action: str = "gate_approve", *, confirm: bool = False) -> Outcome:
        """Press a button of a message."""
        self.say(f"{NAMES[user]}: {'Approve' if action == 'gate_approve' else 'Deny'}")
        return self.world.slack.press(user, files.CHANNEL, message.ts, action, confirm=confirm)

    def code(self, user: str, message: Message, code: str) -> Outcome:
        """Tap Approve, and type a code into the form."""
        self.tap(user, message).wait("modal", PATIENCE)
        self.say(f"{NAMES[user]}: 6 digits")
        return self.world.slack.submit(user, self.world.slack.views(user)[-1], {"code": code})

    def finished(self, build: Build, result: str) -> None:
        """Wait for the build's end, and hold its result to what is expected."""
        build.wait(lambda: not build.building, PATIENCE)
        self.say(f"Jenkins: {build.name} {build.result}")
        expect(build.result == result, f"{result}, saw {build.result}")


def expect(held: object, what: str) -> None:
    """Raises CheckFailedError unless it holds."""
    if not held:
        raise CheckFailedError(f"expected {what}")


def play(world: World) -> bool:
    """Play every check; True if all held."""
    player = Player(world)
    player.say("store, Jenkins, Slack, agent are up")
    results = []
    for number, (check, says) in enumerate(CHECKS, 1):
        try:
            check(player)
        except (CheckFailedError, TimeoutError) as error:
            results.append(f"WRONG   {number} {says}: {str(error).splitlines()[0]}; log: {world.directory}/agent.log")
        else:
            results.append(f"right   {number} {says}")
    click.echo("")
    for line in results:
        click.echo(line)
    click.echo(f"{'':22}median   worst")
    for name, seconds in (("pause to message", player.asked), ("tap to resumed", player.resumed)):
        if seconds:
            click.echo(f"{name:<20} {statistics.median(seconds):6.2f} s  {max(seconds):5.2f} s")
    right = sum(line.startswith("right") for line in results)
    click.echo(f"{right} of {len(results)} right.")
    return right == len(results)


def _approved_by_code(player: Player) -> None:
    build, message = player.pause(PRODUCTION)
    tapped = time.monotonic()
    outcome = player.code(ALICE, message, player.world.code("alice"))
    expect(outcome.closed, f"the form to close, saw {outcome.errors}")
    player.finished(build, "SUCCESS")
    player.resumed.append(time.monotonic() - tapped)
    expect("Approved: alice (totp" in build.console, "the receipt's approver in the log")
    expect("Deployed 1.4 to production." in build.console, "the body to run")
    player.message(f"{APPROVED}: “{PRODUCTION}” #{build.number}")


def _approved_by_tap(player: Player) -> None:
    build, message = player.pause(STAGING)
    tapped = time.monotonic()
    player.tap(BOB, message, confirm=True)
    player.finished(build, "SUCCESS")
    player.resumed.append(time.monotonic() - tapped)
    player.message(f"{APPROVED}: “{STAGING}” #{build.number}")


def _denied(player: Player) -> None:
    build, message = player.pause(PRODUCTION)
    player.tap(BOB, message, "gate_deny").wait("modal", PATIENCE)
    form = player.world.slack.views(BOB)[-1]
    player.world.slack.submit(BOB, form, {"reason": "1.4 is not on staging yet"})
    player.finished(build, "ABORTED")
    expect("Deployed" not in build.console, "the body not to run")
    shown = player.message(f"Denied, aborted: “{PRODUCTION}” #{build.number}")
    expect("1.4 is not on staging yet" in plain(shown), "the reason in the message")


def _expired(player: Player) -> None:
    build, _ = player.pause(LATE)
    player.finished(build, "ABORTED")
    player.message(f"Expired, aborted: “{LATE}” #{build.number}")


def _administrator(player: Player) -> None:
    build, _ = player.pause(PRODUCTION)
    asked = build.wait_paused()
    player.say("Jenkins: an administrator presses Proceed")
    player.world.proceed_as("admin", build, asked)
    player.finished(build, "ABORTED")
    expect("Deployed" not in build.console, "the body not to run")
    player.message(f"Bypassed: “{PRODUCTION}” #{build.number}")

    def alerted(_slack: object) -> bool:
        return any("admin" in plain(m) for m in player.world.slack.messages(files.OPS))

    player.world.slack.wait_for(alerted, PATIENCE)


def _used_code(player: Player) -> None:
    build, message = player.pause(PRODUCTION)
    code = player.world.code("carol")
    expect(player.code(CAROL, message, code).closed, "the code to count")
    player.finished(build, "SUCCESS")
    again, message = player.pause(PRODUCTION)
    outcome = player.code(CAROL, message, code)
    expect("used already" in outcome.errors.get("code", ""), f"the used code to be refused, saw {outcome.errors}")
    player.say(f"Slack: {outcome.errors['code']}")
    expect(player.code(BOB, message, player.world.code("bob")).closed, "Bob's code to count")
    player.finished(again, "SUCCESS")


def _not_eligible(player: Player) -> None:
    build, message = player.pause(STAGING)
    for user, words in ((EVE, "you are not one"), (DAN, "you started this build")):
        said = player.tap(user, message, confirm=True).wait("ephemeral", PATIENCE).text
        player.say(f"Slack to {NAMES[user]}: {said}")
        expect(words in said, f"“{words}”, saw “{said}”")
    expect(build.building, "the build still to wait")
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")


def _killed(player: Player) -> None:
    world = player.world
    build, message = player.pause(STAGING)
    held = world.jenkins.faults.hold(f"GET {build.path}api", times=8)
    player.tap(ALICE, message, confirm=True).wait("ephemeral", PATIENCE)
    world.kill_agent()
    player.say("the agent is killed (kill -9) after the decision, before its delivery")
    world.jenkins.faults.clear()
    held.set()
    expect(build.building, "the build still to wait")
    proceeds = world.jenkins.count("/proceed")
    world.start_agent()
    player.say("the agent is started again")
    player.finished(build, "SUCCESS")
    player.message(f"{APPROVED}: “{STAGING}” #{build.number}")
    expect(world.jenkins.count("/proceed") == proceeds + 1, "one proceed")
    expect(build.console.count("Deployed to staging.") == 1, "the body to run once")


def _store_stopped(player: Player) -> None:
    world = player.world
    build, message = player.pause(STAGING)
    world.stop_store()
    player.say("the store is stopped")
    said = player.tap(ALICE, message, confirm=True).wait("ephemeral", PATIENCE).text
    player.say(f"Slack to Alice Wu: {said}")
    expect(build.building, "nothing to go on")
    world.start_store()
    player.say("the store is back")
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    player.message(f"{APPROVED}: “{STAGING}” #{build.number}")


def _two_teams(player: Player) -> None:
    build, message = player.pause(ROTATION)
    said = player.tap(CAROL, message, confirm=True).wait("ephemeral", PATIENCE).text
    player.say(f"Slack to Carol Diaz: {said.splitlines()[0]}")
    expect(build.building, "the build still to wait for the other team")
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    player.message(f"{APPROVED}: “{ROTATION}” #{build.number}")


def _changed_variable(player: Player) -> None:
    build, message = player.pause(STAGING, REPLICAS="12")
    shown = plain(message)
    expect("REPLICAS was: 2\nREPLICAS now: 12" in shown, "old and new value in the message")
    expect("rules scaled and staging" in shown or "rules staging and scaled" in shown, "both rules in the message")
    player.tap(BOB, message, confirm=True).wait("ephemeral", PATIENCE)
    expect(build.building, "the build still to wait for security")
    player.tap(CAROL, message, confirm=True)
    player.finished(build, "SUCCESS")


def _passed(player: Player) -> None:
    build = player.world.jenkins.build(HOUSEKEEPING, user="dev")
    player.finished(build, "SUCCESS")
    message = player.message(f"Passed by the policy: “{HOUSEKEEPING}” #{build.number}")
    player.say(f"Slack: {plain(message).splitlines()[0]}")
    expect("Passed by the policy without a confirmation" in build.console, "the log to say so")


CHECKS: tuple[tuple[Callable[[Player], None], str], ...] = (
    (_approved_by_code, "a code resumes the build, and the receipt verifies"),
    (_approved_by_tap, "a tap resumes the build"),
    (_denied, "a denial with its reason aborts the build"),
    (_expired, "no answer: expired after 3 s, aborted"),
    (_administrator, "an administrator's Proceed: body did not run, ABORTED, bypass reported"),
    (_used_code, "a used code is refused"),
    (_not_eligible, "an approver who is not eligible and the requester are refused"),
    (_killed, "agent killed between decision and delivery: resumed exactly once"),
    (_store_stopped, "store stopped: nothing went on, then everything did"),
    (_two_teams, "two teams: both are needed, in any order"),
    (_changed_variable, "a changed variable: security is asked, too"),
    (_passed, "what the policy lets pass: nobody is asked, and the receipt says so"),
)
