"""The demo played without a person: each step is printed as it happens, then one line per story (demo/stories.py)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import click

from jenkins_mfa.demo import files, keys
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.browser import Browser, Page, SaidError
from jenkins_mfa.simulators.jenkins_pipeline import Build
from jenkins_mfa.simulators.slack import Message, Outcome, SlackSimulator, plain

ALICE, BOB, CAROL, DAN, EVE = "U0ALICE", "U0BOB", "U0CAROL", "U0DAN", "U0EVE"
NAMES = {user: name for _, name, _, user, _ in files.PEOPLE}
PERSONS = {user: person for person, _, _, user, _ in files.PEOPLE}
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

    def message(self, beginning: str, among: str = "") -> Message:
        """The message in the channel, or `among` somebody's direct messages, that begins like this, once it does."""

        def find(slack: SlackSimulator) -> Message | None:
            direct = [place.id for place in slack.channels_of(among) if place.kind == "im"] if among else []
            places = direct if among else [files.CHANNEL]
            messages = [message for place in places for message in slack.messages(place)]
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

    def number(self, user: str, message: Message, number: str) -> Outcome:
        """Tap Approve, and type a number into the form."""
        self.tap(user, message).wait("modal", PATIENCE)
        self.say(f"{NAMES[user]}: the number {number}")
        return self.world.slack.submit(user, self.world.slack.views(user)[-1], {"number": number})

    def key_page(self, user: str, message: Message) -> tuple[Browser, Page]:
        """Tap Approve, and open the page that Slack's private answer leads to, in front of the person's key."""
        before = keys.newest_link(self.world.slack, user)
        self.tap(user, message)
        self.world.slack.wait_for(lambda slack: keys.newest_link(slack, user) != before, PATIENCE)
        link = keys.newest_link(self.world.slack, user)
        expect(link is not None and link != before, "a private answer with the address of the page")
        browser = Browser(self.world.keys[PERSONS[user]])
        page = browser.open(link[1])  # type: ignore[index]
        self.say(f"{NAMES[user]} opens the page: {page.lines[0][1]}")
        return browser, page

    def finished(self, build: Build, result: str) -> None:
        """Wait for the build's end, and hold its result to what is expected."""
        build.wait(lambda: not build.building, PATIENCE)
        self.say(f"Jenkins: {build.name} {build.result}")
        expect(build.result == result, f"{result}, saw {build.result}")


def expect(held: object, what: str) -> None:
    """Raises CheckFailedError unless it holds."""
    if not held:
        raise CheckFailedError(f"expected {what}")


Story = tuple[Callable[[Player], None], str]  #: what is played, and what is right then


def play(world: World, stories: Sequence[Story]) -> bool:
    """Play every story; True if all held."""
    player = Player(world)
    player.say("store, Jenkins, Slack, agent are up")
    results = []
    for number, (story, says) in enumerate(stories, 1):
        try:
            story(player)
        except (CheckFailedError, SaidError, TimeoutError) as error:
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
