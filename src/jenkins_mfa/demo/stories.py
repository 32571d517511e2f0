"""What `demo --auto` plays: how gates end, whoever is refused, and what a crash or an outage does not break."""

from __future__ import annotations

import time

from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, APPROVED, BOB, CAROL, DAN, EVE, NAMES, PATIENCE, Player, Story, expect
from jenkins_mfa.demo.stories_factors import FACTORS
from jenkins_mfa.demo.world import LATE
from jenkins_mfa.simulators.jenkins_samples import HOUSEKEEPING, PRODUCTION, ROTATION, STAGING
from jenkins_mfa.simulators.slack import plain


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


STORIES: tuple[Story, ...] = (
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
    *FACTORS,
)
