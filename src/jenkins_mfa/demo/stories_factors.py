"""What `demo --auto` plays of numbers, security keys and enrolment, and of confirmations that count no more."""

from __future__ import annotations

import re

from jenkins_mfa.demo.auto import ALICE, BOB, CAROL, EVE, PATIENCE, Player, Story, expect
from jenkins_mfa.simulators.browser import Browser
from jenkins_mfa.simulators.jenkins_pipeline import Build
from jenkins_mfa.simulators.jenkins_samples import MIGRATION, NETWORK, ROTATION
from jenkins_mfa.simulators.slack import plain


def _number_of(build: Build) -> str:
    """What stands in the build's log."""
    found = re.search(r"If Slack asks for a number: (\d{3} \d{3})", build.console)
    expect(found, "a number in the log")
    return found[1] if found else ""


def _number(player: Player) -> None:
    build, message = player.pause(MIGRATION)
    expect(player.number(ALICE, message, _number_of(build)).closed, "the number to count")
    player.finished(build, "SUCCESS")
    expect("Approved: alice (push+number" in build.console, "the receipt to name the factor")


def _wrong_numbers(player: Player) -> None:
    build, message = player.pause(MIGRATION)
    right = _number_of(build)
    wrong = f"{(int(right.replace(' ', '')) + 1) % 1_000_000:06}"
    said = ""
    for _ in range(3):
        said = player.number(ALICE, message, wrong).errors["number"]
        player.say(f"Slack: {said}")
    expect(said.startswith("No tries left"), f"no tries to be left, saw {said}")
    expect(build.building, "the build still to wait")
    expect(player.number(BOB, message, right).closed, "another person's number to count")
    player.finished(build, "SUCCESS")


def _key(player: Player) -> None:
    build, message = player.pause(NETWORK)
    browser, page = player.key_page(BOB, message)
    shown = [text for _, text in page.lines]
    expect(any("message: Open port 8443" in text for text in shown), "the page to show what the Jenkinsfile says")
    player.say("Bob Ray touches the key to approve")
    browser.answer(page, "approve")
    player.finished(build, "SUCCESS")
    expect("Approved: bob (webauthn" in build.console, "the receipt to name the factor")


def _key_denies(player: Player) -> None:
    build, message = player.pause(NETWORK)
    browser, page = player.key_page(CAROL, message)
    player.say("Carol Diaz touches the key to deny")
    browser.answer(page, "deny", "the gateway is not ready")
    player.finished(build, "ABORTED")
    shown = player.message(f"Denied, aborted: “{NETWORK}” #{build.number}")
    expect("the gateway is not ready" in plain(shown), "the reason in the message")
    judged = player.world.judged_keys()
    player.say(f"audit: {len(judged)} answers of keys verified again")
    expect(len(judged) >= 2 and not any(one.why for one in judged), f"each to hold, saw {[one.why for one in judged]}")


def _taken_back(player: Player) -> None:
    slack = player.world.slack
    build, message = player.pause(ROTATION)
    player.tap(BOB, message, confirm=True).wait("ephemeral", PATIENCE)
    private = slack.ephemerals(BOB)[-1]
    player.say("Bob Ray: Take it back")
    slack.press(BOB, private.channel, private.ts, "gate_retract")
    taken = slack.wait_for(lambda s: s.ephemerals(BOB)[-1].text.startswith("Taken back:"), PATIENCE)
    expect(taken, "a private answer that says so")
    player.tap(ALICE, message, confirm=True).wait("ephemeral", PATIENCE)
    expect(build.building, "one confirmation not to be enough")
    player.tap(CAROL, message, confirm=True)
    player.finished(build, "SUCCESS")


def _enrolled(player: Player) -> None:
    world, browser = player.world, Browser(player.world.keys["eve"])
    page = browser.open(world.invite("eve"))
    player.say(f"Eve Lin opens the address of “enroll ticket eve”: {page.lines[0][1]}")
    question = player.message("Is it you who enrols", among=EVE)
    player.say(f"Slack to Eve Lin: {plain(question).splitlines()[0]} She taps: Yes, it is me")
    world.slack.press(EVE, question.channel, question.ts, "enroll_yes")
    expect(browser.changed(page), "the page to go on after the tap in Slack")
    said = world.scan("eve", browser, browser.show(page.path))
    player.say(f"The page to Eve Lin: {said}")
    expect(said.startswith("Enrolled"), f"“Enrolled”, saw {said}")


def _lost(player: Player) -> None:
    build, message = player.pause(ROTATION)
    player.tap(CAROL, message, confirm=True).wait("ephemeral", PATIENCE)
    said = player.world.slack.slash(CAROL, "/mfa", "lost", message.channel).wait("ephemeral", PATIENCE).text
    player.say(f"Carol Diaz: /mfa lost. Slack: {said.splitlines()[0]}")
    player.tap(ALICE, message, confirm=True).wait("ephemeral", PATIENCE)
    expect(build.building, "what Carol had confirmed not to count any more")
    player.tap(BOB, message, confirm=True)
    player.finished(build, "SUCCESS")
    expect("carol" not in build.console.partition("Approved: ")[2].splitlines()[0], "Carol not to be in the receipt")


FACTORS: tuple[Story, ...] = (
    (_number, "the number of the build's log, typed in Slack, resumes it"),
    (_wrong_numbers, "three wrong numbers end one person's tries; another one's right one counts"),
    (_key, "a security key approves what the agent's page shows; the receipt names it"),
    (_key_denies, "a security key denies; what the keys have signed verifies again"),
    (_taken_back, "a confirmation that is taken back does not count"),
    (_enrolled, "a phone is enrolled: an address, a tap in Slack, one code"),
    (_lost, "a lost phone: what its owner has confirmed does not count any more"),
)
