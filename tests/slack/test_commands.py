"""`/mfa` in the simulated Slack: what waits, one gate, help, and what is said to everything else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import ALICE, BOB, BOTH, DAN, DEPLOYS, GATE_ID, GUEST, MINUTE, OPENED, STATES, TROUBLES, gate
from world import World

from jenkins_mfa.core.model import Authenticator, Entry, Factor, PersonRecord
from jenkins_mfa.errors import DamagedError, StoreUnavailableError
from jenkins_mfa.slack.limits import MAX_TEXT_BYTES
from jenkins_mfa.words import commands


def ask(world: World, text: str, user: str = ALICE) -> str:
    return world.slack.slash(user, "/mfa", text, DEPLOYS).wait("ephemeral").text


def enrolled(*people: str) -> dict[str, PersonRecord]:
    """Each with a code app."""
    app = Authenticator("a_1", Factor.TOTP, "sealed", since=0)
    return {one: PersonRecord(one, 1, (app,)) for one in people}


def test_nothing_waits(world: World) -> None:
    """An empty list says how fresh it is."""
    world.gates.heard = {"source:main": {"ok": True, "at": world.gates.at - 1_000}, "agent": {"at": 1}}
    assert ask(world, "pending") == "Nothing waits.\nSources: main read 1 s ago."


def test_a_source_that_cannot_be_read_may_have_more(world: World) -> None:
    """Missing is not settled: a stale reading is called one."""
    world.gates.heard = {
        "source:a": {"ok": False, "at": world.gates.at},
        "source:b": {"ok": True, "at": world.gates.at - 4 * MINUTE},
    }
    assert ask(world, "pending") == (
        "Nothing waits.\nSources: a cannot be read now: there may be more. "
        "b was last read 4 min ago: there may be more."
    )


def test_what_waits_says_who_can_answer(world: World) -> None:
    """Job, requesters, age, what is missing, time left, and whether whoever asks can answer."""
    world.gates.gates = [gate(confirmations=BOTH[:1])]
    world.gates.people = enrolled("bob")
    line = (
        "#17 team one/deploy: 1 more of release with a code. Started by Dan Fox 9 min ago, 11 min left. /mfa show 8f2c"
    )
    assert ask(world, "pending", BOB) == f"1 build waits.\n{line} (you can answer)"
    assert ask(world, "pending", DAN) == f"1 build waits.\n{line}"


def test_what_is_damaged_is_told_first(world: World) -> None:
    """A gate that nobody can answer is no gate that does not wait; the list stays short."""
    world.gates.damaged = [DamagedError(f"gate:g_{n}", "its seal does not fit") for n in range(5)]
    told = ask(world, "pending").splitlines()
    assert told[0] == "Damaged: gate:g_0 is not what jenkins-mfa wrote, so nobody can answer it. Ops are told."
    assert told[3:4] == ["2 more are damaged: jenkins-mfa pending"]
    assert "Nothing waits." not in told
    world.gates.gates = [gate()]
    assert "1 build waits." in ask(world, "pending").splitlines()


def test_forty_builds_are_four_pages(world: World) -> None:
    """Ten a page; the next page is named."""
    world.gates.gates = [gate(id=f"g_{n:032x}") for n in range(40)]
    first = ask(world, "pending")
    assert first.startswith("40 builds wait; 1 to 10, oldest first.\n")
    assert first.endswith("\nNext: /mfa pending 2")
    last = ask(world, "pending 4")
    assert last.startswith("40 builds wait; 31 to 40, oldest first.\n")
    assert "Next" not in last
    assert ask(world, "pending 5") == "40 builds wait; this page is empty."


def test_a_gate_is_shown_with_its_history(world: World) -> None:
    """The ask without buttons, then what happened, oldest first."""
    world.gates.gates = [gate(confirmations=BOTH[:1])]
    jti = f"{GATE_ID}.1"
    world.gates.trail = [
        Entry("gate:opened", OPENED + 2_000, "agent", jti),
        Entry("gate:confirmed", OPENED + 5 * MINUTE, "alice", jti, details={"factor": "totp"}),
        Entry("answer:refused", OPENED + 6 * MINUTE, "dan", jti, details={"reason": "requester"}),
        Entry("answer:refused", OPENED + 7 * MINUTE, "slack:T01/U9", jti, details={"reason": "not_in_roster"}),
        Entry("gate:denied", OPENED + 8 * MINUTE, "bob", jti, details={"reason": "not yet"}),
        Entry("gate:of_tomorrow", OPENED + 9 * MINUTE, "agent", jti),
    ]
    outcome = world.slack.slash(ALICE, "/mfa", "show 8f2c", DEPLOYS)
    world.slack.wait_for(lambda _: sum(s.kind == "ephemeral" for s in outcome.seen) == 2)
    shown, history = (sight.text for sight in outcome.seen if sight.kind == "ephemeral")
    assert shown.startswith("Needs confirmation: “team one/deploy” #17\n")
    assert "[Approve" not in shown
    assert history.split("\n") == [
        "History, UTC",
        "16:00:02 Opened.",
        "16:05:00 Alice Wu confirmed with a code.",
        "16:06:00 Not counted: Dan Fox started the build.",
        "16:07:00 Not counted: slack:T01/U9 is not in the roster.",
        "16:08:00 Bob Ray denied: not yet",
        "16:09:00 gate:of_tomorrow",
    ]


def test_what_has_not_reached_its_build_is_said(world: World) -> None:
    """`/mfa pending` and `/mfa show` say why, how often it was tried, and when the next try is."""
    world.gates.gates = [STATES["not delivered"]]
    world.gates.troubles = {f"answer:{gate().run.key}": replace(TROUBLES["not delivered"], next=world.gates.at + 500)}
    assert "Approved, not delivered yet: Jenkins answers 503; tries: 1, next in 0 s. Started by" in ask(
        world, "pending"
    )
    assert "Approved, not delivered yet" in ask(world, "show 8f2c")


def test_a_long_history_shows_its_newest_part(world: World) -> None:
    """Twenty events, and where the earlier ones are."""
    entries = [Entry("gate:confirmed", OPENED, "alice", f"{GATE_ID}.1") for _ in range(34)]
    lines = commands.history(gate(), entries, world.messenger.roster)
    assert len(lines) == 21
    world.gates.gates, world.gates.trail = [gate()], entries
    outcome = world.slack.slash(ALICE, "/mfa", "show g_8f2c", DEPLOYS)
    world.slack.wait_for(lambda _: sum(s.kind == "ephemeral" for s in outcome.seen) == 2)
    assert outcome.seen[-1].text.startswith("History, UTC. 14 earlier: jenkins-mfa show 8f2c\n")


def test_settled_gates_can_be_shown_and_do_not_wait(world: World) -> None:
    """History outlives the gate; the list holds what is open."""
    world.gates.gates = [STATES["resumed"]]
    assert ask(world, "pending") == "Nothing waits."
    assert ask(world, f"show {GATE_ID}").startswith("Approved, resumed")


ALL = (
    "Known: pending, show, why, me, help, approve, deny, retract, lost, break-glass, review, release, unlock, invite, "
    "confirm. What they do: /mfa help."
)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("show", "/mfa show needs 4 characters of a gate's id or more; its message and /mfa pending have them."),
        ("show 8f2", "/mfa show needs 4 characters of a gate's id or more; its message and /mfa pending have them."),
        ("show ../..", "/mfa show needs 4 characters of a gate's id or more; its message and /mfa pending have them."),
        ("show 0000", "No gate begins with 0000."),
        ("pendin", f"/mfa pendin is not known. Nearest: /mfa pending. {ALL}"),
        ("pending 0", f"/mfa pending 0 is not known. Nearest: /mfa pending. {ALL}"),
        ("xyzzy", f"/mfa xyzzy is not known. {ALL}"),
        ("<!here>", f"/mfa <!here> is not known. {ALL}"),
        ("w" * 41, f"That word is not known. {ALL}"),
        ("w" * 401, None),
        ("123456", "Never type a code here. Tap Approve; the form asks for it. Use the next code there."),
        ("123 456", "Never type a code here. Tap Approve; the form asks for it. Use the next code there."),
        ("", None),
        ("HELP", None),
    ],
)
def test_every_word_gets_an_answer(world: World, text: str, answer: str | None) -> None:
    """Unknown words name their nearest neighbour; a code is never taken; anything else is help."""
    found = ask(world, text)
    if answer is None:
        assert found.startswith("/mfa pending: what waits · /mfa show ID")
        assert found.endswith("Trouble: #C02OPS.")
    else:
        assert found == answer


def test_two_gates_with_one_beginning(world: World) -> None:
    """The shortest beginnings that tell them apart are named."""
    world.gates.gates = [gate(id="g_8f2c1" + "0" * 27), gate(id="g_8f2c2" + "0" * 27)]
    assert ask(world, "show 8f2c") == "8f2c1 and 8f2c2 both match: one character more."


def test_strangers_and_guests_see_no_builds(world: World) -> None:
    """What waits, and with which values, is for the roster's active members of this workspace."""
    world.gates.gates = [gate()]
    world.slack.add_user("U08EVE", "Eve")
    world.slack.workspace.channels[DEPLOYS].members.append("U08EVE")
    for user in ("U08EVE", GUEST):
        assert ask(world, "pending", user) == (
            f"This is for people of the roster. Ask ops to add {user} of team T01EXAMPLE."
        )
    world.slack.set_user(BOB, guest=True)
    assert ask(world, "pending", BOB) == "Not counted: guests and people of other workspaces cannot answer."


def test_a_store_that_is_away_is_said(world: World) -> None:
    """Nothing is shown from memory."""
    world.gates.error = StoreUnavailableError("away")
    assert ask(world, "pending") == (
        "The store cannot be reached, so nothing can be shown now. Nothing goes on meanwhile."
    )


def test_answers_fit(world: World) -> None:
    """Every answer is within the limits that messages have."""
    world.gates.gates = [gate(id=f"g_{n:032x}") for n in range(10)]
    ask(world, "pending")
    (call,) = world.slack.calls("response_url")
    assert len(call.args["text"].encode()) <= MAX_TEXT_BYTES


def test_pending_says_when_nobody_can_answer(world: World) -> None:
    """ux.md 6: "nobody can answer: …"; the trap of a gate that waits for people who have enrolled nothing."""
    world.gates.gates = [gate()]
    said = ask(world, "pending")
    assert said.endswith("(nobody can answer: Alice Wu, Bob Ray and Carol Diaz have no code)")
    world.gates.people = enrolled("bob", "carol")
    assert ask(world, "pending", BOB).endswith("(you can answer)")


def test_second_admin_what_waits_is_shown_to_whoever_could_confirm_it(world: World) -> None:
    """What, whose, who let it in, until when, and the command; three, and the rest is counted. Not what has ended."""
    until = world.gates.at + 60 * MINUTE
    app = Authenticator("a_7", Factor.TOTP, "sealed", since=0, by="alice", waits_until=until)
    ended = replace(app, id="a_6", waits_until=world.gates.at)
    many = tuple(replace(app, id=f"a_{n}", by="operator:root") for n in range(3))
    world.gates.people = {"bob": PersonRecord("bob", 1, (ended, app)), "dan": PersonRecord("dan", 1, many)}
    outcome = world.slack.slash(ALICE, "/mfa", "pending", DEPLOYS)
    world.slack.wait_for(lambda _: sum(sight.kind == "ephemeral" for sight in outcome.seen) == 2)
    text = (
        "Code app ({}) of {}, invited by {}, waits for a second administrator until Nov 24, 17:09 UTC: /mfa confirm {}"
    )
    assert [line for sight in outcome.seen for line in sight.text.splitlines()][1:] == [
        text.format("a_7", "Bob Ray", "Alice Wu", "bob"),
        text.format("a_0", "Dan Fox", "operator:root", "dan"),
        text.format("a_1", "Dan Fox", "operator:root", "dan"),
        "1 more: jenkins-mfa authenticators list",
    ]


@pytest.mark.parametrize("word", commands.KNOWN)
def test_every_word_of_the_list_is_one(world: World, word: str) -> None:
    """Nobody is sent to a word that is answered with the list again."""
    assert "is not known" not in ask(world, f"{word} 8f2c" if word == "show" else word)
