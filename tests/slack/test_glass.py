"""`/mfa break-glass` and `/mfa review` in the simulated Slack, and what a gate's message says afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import ALICE, BOB, BOTH, CAROL, DEPLOYS, GATE_ID, MINUTE, OPENED, OPS, ROSTER, TEAM, gate, requirement
from world import World

from jenkins_mfa.core.model import Alert, BrokenGlass, Claims, Clause, Factor, Gate, Review, ReviewsRecord, State
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.slack import blocks
from jenkins_mfa.slack.limits import check_message
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.words import page, render, state
from jenkins_mfa.words.run_line import run_line

JTI = f"{GATE_ID}.1"
WHY = "the database is down"
GLASS = replace(
    requirement(),
    clauses=(Clause("emergency", Factor.TOTP, 2, ("alice", "bob"), ("alice", "bob")),),
    rules=("emergency",),
    break_glass="emergency",
    review_by=("carol",),
)


def broken(reason: str = WHY, **changes: object) -> Gate:
    glass = BrokenGlass("alice", OPENED + MINUTE, reason, "cause", requirement())
    return gate(**{"requirement": GLASS, "broken": glass, "version": 4, **changes})  # type: ignore[arg-type]


def ask(world: World, text: str, user: str = ALICE) -> str:
    return world.slack.slash(user, "/mfa", text, DEPLOYS).wait("ephemeral").text


def test_the_command_reaches_the_use_case_with_the_account_and_the_whole_reason(world: World) -> None:
    """Who acts is whom the envelope names; each command has a cause of its own."""
    world.gates.gates = [gate()]
    world.answers.given = broken()
    told = ask(world, f"break-glass 8f2c   {WHY}")
    assert told == (
        "Break-glass: rule emergency replaces the normal ones. This confirms nothing. It needs 2 of Alice Wu or "
        "Bob Ray with a code. Ops are told, and a third person must review it."
    )
    ask(world, f"break-glass 8f2c {WHY}")
    first, second = world.answers.calls
    assert first[:4] == ("open", JTI, Who(f"slack:{TEAM}", ALICE), WHY)
    assert first[4] != second[4]


def test_a_review_may_have_a_note(world: World) -> None:
    """The note is optional; both forms reach the use case."""
    world.gates.gates = [broken(state=State.RESUMED)]
    world.answers.given = world.gates.gates[0]
    assert ask(world, "review 8f2c", CAROL) == "Reviewed: team one/deploy #17. It stands in the trail with your name."
    ask(world, "REVIEW 8f2c right so", CAROL)
    assert [call[3] for call in world.answers.calls] == ["", "right so"]


@pytest.mark.parametrize("word", ["break-glass", "review"])
@pytest.mark.parametrize(
    ("rest", "answer"),
    [
        ("", "/mfa {word} needs 4 characters of a gate's id or more; its message and /mfa pending have them."),
        ("0000 why not", "No gate begins with 0000."),
        ("8f2c no", "Say why in 3 to 250 characters."),
        ("8f2c " + "y" * 251, "Say why in 3 to 250 characters."),
        ("8f2c " + "&" * 61, "Too long to show whole by 5; & < > take more room."),
        ("8f2c 492 113", "Never type a code here. Tap Approve; the form asks for it. Use the next code there."),
    ],
)
def test_what_cannot_be_used_changes_nothing(world: World, word: str, rest: str, answer: str) -> None:
    """Limits are those of a denial's reason; a code is never kept."""
    world.gates.gates = [gate()]
    assert ask(world, f"{word} {rest}") == answer.format(word=word)
    assert world.answers.calls == []


def test_a_reason_is_needed(world: World) -> None:
    """Break-glass without a reason is none."""
    world.gates.gates = [gate()]
    assert ask(world, "break-glass 8f2c") == "Say why in 3 to 250 characters."
    assert world.answers.calls == []


@pytest.mark.parametrize(
    "code",
    [
        "no_glass",
        "broken_before",
        "not_glass",
        "glass_unshown",
        "no_review",
        "not_over",
        "took_part",
        "not_reviewer",
        "reviews_damaged",
    ],
)
def test_every_refusal_has_its_sentence(world: World, code: str) -> None:
    """No code is shown to a person."""
    world.gates.gates = [gate()]
    world.answers.given = Refusal(code)
    found = ask(world, f"break-glass 8f2c {WHY}")
    assert found
    assert code not in found


def test_what_the_named_people_could_not_meet_is_said(world: World) -> None:
    """With the reason of the policy."""
    world.gates.gates = [gate()]
    world.answers.given = Refusal("glass_refused", {"reason": "too_few_people", "needed": "3"})
    assert ask(world, f"break-glass 8f2c {WHY}") == (
        "Not recorded: break-glass could not be met: it needs 3 people, and fewer may approve this."
    )


def test_open_reviews_stand_below_what_waits(world: World) -> None:
    """Until they are signed off; a gate that cannot be read does not hide its review."""
    done = broken(state=State.RESUMED, confirmations=BOTH)
    world.gates.gates = [done]
    world.gates.to_review = ReviewsRecord(1, (Review(GATE_ID, OPENED), Review("g_" + "0" * 32, OPENED)))
    outcome = world.slack.slash(BOB, "/mfa", "pending", DEPLOYS)
    world.slack.wait_for(lambda _: sum(s.kind == "ephemeral" for s in outcome.seen) == 2)
    waits, reviews = (sight.text for sight in outcome.seen if sight.kind == "ephemeral")
    assert waits == "Nothing waits."
    first, second = reviews.split("\n")
    assert first.startswith("To review: team one/deploy #17, break-glass ")
    assert first.endswith(". /mfa review 8f2c")
    assert second.startswith("To review: a gate that cannot be read")


def test_a_damaged_list_of_reviews_is_said(world: World) -> None:
    """And hides nothing else."""

    def damaged() -> ReviewsRecord:
        raise DamagedError("reviews", "it does not carry our seal")

    world.gates.reviews = damaged  # type: ignore[method-assign]
    outcome = world.slack.slash(BOB, "/mfa", "pending", DEPLOYS)
    world.slack.wait_for(lambda _: sum(s.kind == "ephemeral" for s in outcome.seen) == 2)
    assert "The list of open reviews is not what jenkins-mfa wrote. Tell ops." in [s.text for s in outcome.seen]


def test_the_builds_description_says_break_glass() -> None:
    """Whoever reads only that line learns that the normal rules did not decide."""
    assert run_line(broken(), ROSTER) == (
        "break-glass: waiting for 2 of Alice Wu or Bob Ray with a code until 16:20 UTC"
    )
    done = broken(state=State.RESUMED, confirmations=BOTH)
    assert run_line(done, ROSTER) == "approved under break-glass by Alice Wu (code), Bob Ray (code)"


def test_the_message_says_what_was_broken_by_whom_and_why() -> None:
    """Header, rule, who is needed, the review, and the reason in a bar: somebody typed it."""
    shown = page.page(broken(), ROSTER)
    lines = [render.terminal(line.shown) for line in shown.state]
    assert render.terminal(shown.header) == "Break-glass, needs confirmation: “team one/deploy” #17"
    assert lines[0] == "Break-glass: rule emergency replaces the normal ones."
    assert "Needs 2 of Alice Wu or Bob Ray, each with a code." in lines
    assert "A third person must review it afterwards: /mfa review 8f2c." in lines
    assert lines[-1] == f"Reason given by Alice Wu: “{WHY}”"
    bars = [e for b in blocks.message(broken(), ROSTER, {}).blocks for e in b.get("elements", ())]
    assert [bar["elements"][0]["text"] for bar in bars if bar["type"] == "rich_text_quote"] == [WHY]


def test_the_ending_says_it_too() -> None:
    """The state comes first, as everywhere; break-glass stays with it."""
    done = broken(state=State.RESUMED, confirmations=BOTH)
    lines = [render.terminal(line.shown) for line in state.lines(done, ROSTER, 0, 10)]
    assert lines[0].startswith("Approved by 2 of 2.")
    assert any(line.startswith("Break-glass by Alice Wu, ") for line in lines)


def test_the_longest_reason_is_shown_whole() -> None:
    """The room for a reason is there in the fullest message that may be asked."""
    said = Claims("production", "deploy", "m" * 300, details=tuple((f"k{n:02}", "v" * 85) for n in range(20)))
    full = broken("y" * 250, claims=said)
    payload = blocks.message(full, ROSTER, {}, others=1)
    check_message(payload.text, payload.blocks)
    assert "y" * 250 in payload.text


def test_ops_are_called_at_once(world: World) -> None:
    """The alert names who, the rule and the reason, and where to look."""
    world.messenger.alert(Alert("broke_glass:1", "broke_glass", OPENED, GATE_ID), broken())
    (message,) = world.slack.messages(OPS)
    assert message.text.startswith(
        f"<!here> Break-glass by Alice Wu: rule emergency replaces the normal ones. Reason: “{WHY}”"
    )
    assert "More: /mfa show 8f2c" in message.text


def test_those_who_are_asked_now_are_called_in_the_thread_once(world: World) -> None:
    """An update of a message calls nobody."""
    told = world.messenger.tell(gate(), world.gates.record, 0)
    for _ in range(2):
        told = world.messenger.tell(broken(), told, 0)
    called = [m.text for m in world.slack.messages(DEPLOYS) if m.thread_ts and "break-glass" in m.text]
    expected = (
        f"<@{ALICE}> and <@{BOB}>: break-glass by Alice Wu. It needs 2 of Alice Wu or Bob Ray with a code now. "
        "Earlier confirmations do not count for it."
    )
    assert called == [expected]


def test_the_channel_of_the_rule_is_asked_too(world: World) -> None:
    """Where those whom it names read along."""
    world.slack.add_channel("C03URGENT", "urgent", members=[ALICE, BOB])
    told = world.messenger.tell(gate(), world.gates.record, 0)
    urgent = broken(requirement=replace(GLASS, channels=("C03URGENT",)))
    told = world.messenger.tell(urgent, told, 0)
    assert [message.channel for message in told.messages] == [DEPLOYS, "C03URGENT"]
    assert "Break-glass, needs confirmation" in world.slack.messages("C03URGENT")[0].text
