"""Held gates in Slack: no buttons, nobody is called; one message for all that wait; asked after a release."""

from __future__ import annotations

from dataclasses import replace

from samples import ALICE, BOB, DEPLOYS, MINUTE, NEW, OPENED, OPS, REPORTED, gate, requirement
from world import World

from jenkins_mfa.core.model import Denial, Factor, Flood, Held, State, ToldRecord
from jenkins_mfa.simulators.slack import Message, SlackSimulator, plain
from jenkins_mfa.slack.messenger import SlackMessenger

HELD = gate(held=REPORTED)
MANY = gate(held=Held("many", OPENED, "dan"))
NOBODY = ToldRecord("many:dan", 0)


def posted(slack: SlackSimulator, channel: str = DEPLOYS) -> list[Message]:
    return [message for message in slack.messages(channel) if not message.thread_ts]


def test_a_held_gate_is_shown_without_buttons_and_calls_nobody(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Who was reported when by whom, and how ops release them; no thread either."""
    talker.tell(HELD, NEW, 0)
    (message,) = slack.messages(DEPLOYS)
    assert plain(message).startswith(
        "Held: “team one/deploy” #17\nHeld: Dan Fox was reported at 16:12 UTC by Bob Ray; "
    )
    assert "ops release with /mfa release dan." in plain(message)
    assert "<@" not in message.text
    assert {block["type"] for block in message.blocks} == {"header", "rich_text"}
    assert "@U" not in plain(message)


def test_after_a_release_those_asked_are_called_and_the_buttons_are_there(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """An update calls nobody, so a reply does, once."""
    told = talker.tell(HELD, NEW, 0)
    asked = gate(version=HELD.version + 1, released_at=OPENED + 14 * MINUTE)
    told = talker.tell(asked, told, 0)
    talker.tell(replace(asked, version=asked.version + 1), told, 0)
    (message,) = posted(slack)
    assert message.blocks[-1]["type"] == "actions"
    waits, called = [one.text for one in slack.messages(DEPLOYS) if one.thread_ts]
    assert waits.startswith("<@U04DAN>, your build “team one/deploy” #17 waits for 2 of release with a code.")
    assert called == "Released, and asked now: <@U01ALICE>, <@U02BOB>, <@U03CAROL>"


def test_one_message_stands_for_all_that_wait_their_turn(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """It changes and is not repeated; a later crowd gets a new one, since nobody sees an old message change."""
    told = talker.tell_line("dan", [MANY] * 4, 5, NOBODY)
    assert [message.text for message in posted(slack)] == [
        "4 more gates of Dan Fox wait: at most 5 are asked at a time."
    ]
    told = talker.tell_line("dan", [MANY], 5, told)
    assert [m.text for m in posted(slack)] == ["1 more gate of Dan Fox waits: at most 5 are asked at a time."]
    told = talker.tell_line("dan", [], 5, told)
    assert [m.text for m in posted(slack)] == ["No more gates of Dan Fox wait for their turn."]
    assert (told.shown, told.messages) == (0, ())
    told = talker.tell_flood("main:", 1_200, [gate()], ToldRecord("flood:main:", 0))
    assert posted(slack)[-1].text == (
        "1,200 more of the controller main are held back: at most 1,000 gates of one controller are open, beside the "
        "first of each job."
    )
    talker.tell_line("dan", [MANY, MANY], 5, told)
    assert len(posted(slack)) == 2


def test_the_message_of_the_line_is_posted_anew_where_it_was_deleted(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """As any other."""
    told = talker.tell_line("dan", [MANY] * 4, 5, NOBODY)
    slack.delete_message(DEPLOYS, told.messages[0].ts)
    again = talker.tell_line("dan", [MANY] * 3, 5, told)
    assert again.messages[0].ts != told.messages[0].ts


def test_one_message_counts_what_is_held_back_of_a_job(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Where its gates are asked; the job's name is quoted, so that it cannot speak in the agent's words."""
    told = talker.tell_flood("web", 12, [gate(), gate()], ToldRecord("flood:main:web", 0))
    told = talker.tell_flood("web", 1, [], told)
    (message,) = posted(slack)
    assert {"type": "text", "text": "web", "style": {"code": True}} in message.blocks[0]["elements"][0]["elements"]
    assert [message.text for message in posted(slack)] == [
        "1 more of “web” is held back: at most 8 of one build and 20 of one job are asked."
    ]
    told = talker.tell_flood("web", 0, [], told)
    assert [message.text for message in posted(slack)] == ["No more of “web” is held back."]
    assert (told.shown, told.messages) == (0, ())


def test_pending_says_what_is_held_back(world: World) -> None:
    """Five jobs by name, the largest first, the rest as a number; also where no gate waits yet."""
    world.gates.over = tuple(Flood(f"main:job{n}", n, OPENED, OPENED) for n in range(1, 8))
    text = world.slack.slash(ALICE, "/mfa", "pending", DEPLOYS).wait("ephemeral", 20).text
    assert "7 more of job7 are held back: at most 8 of one build and 20 of one job are asked." in text
    assert "of job3 " in text
    assert "of job2 " not in text
    assert "3 more of other jobs are held back." in text


def test_pending_says_why_a_gate_is_held(world: World) -> None:
    """And promises nobody that they can answer."""
    world.gates.gates = [HELD]
    text = world.slack.slash(ALICE, "/mfa", "pending", DEPLOYS).wait("ephemeral", 20).text
    assert "held: Dan Fox was reported at 16:12 UTC by Bob Ray; ops release with /mfa release dan." in text
    assert "you can answer" not in text


def test_a_tap_on_an_old_copy_is_told_that_it_is_held(world: World) -> None:
    """The refusal of the use case, in words."""
    ts = world.post(gate(requirement=requirement(Factor.PUSH, 1)))
    world.gates.gates = [HELD]
    world.refuse("held")
    seen = world.slack.press(ALICE, DEPLOYS, ts, "gate_approve", confirm=True).wait("ephemeral", 20)
    assert seen.text == (
        "Not counted: this build is held, since Dan Fox was reported at 16:12 UTC by Bob Ray; "
        "ops release with /mfa release dan."
    )


def test_who_reports_reads_what_is_held(world: World) -> None:
    """Or that nobody is named."""
    shown = gate(State.DENIED, denial=Denial(OPENED, "bob", "strange", "c", report=True))
    for facts, sentence in (
        (shown.facts, "Further builds of Dan Fox are held until an administrator releases them."),
        (replace(shown.facts, starters=()), "Nobody is named as who started it, so no further build is held."),
    ):
        ts = world.post()
        world.answers.given = gate()
        world.slack.press(BOB, DEPLOYS, ts, "gate_deny").wait("modal", 20)
        world.answers.given = replace(shown, facts=facts)
        form = world.slack.views(BOB)[-1]
        outcome = world.slack.submit(BOB, form, {"reason": "strange", "report": ["report"]})
        assert outcome.wait("ephemeral", 20).text.endswith(sentence)


def test_release_begins_the_act_about_a_person_or_a_stranger(world: World) -> None:
    """By mention, by roster id, or as the message calls whom the roster does not know."""
    world.refuse("not_administrator")
    for wanted in ("dan", "main:jdoe"):
        text = world.slack.slash(ALICE, "/mfa", f"release {wanted}", OPS).wait("ephemeral", 20).text
        assert text == "Not done: only the administrators whom the policy names may do this."
        assert world.answers.calls[-1][1].target == wanted
