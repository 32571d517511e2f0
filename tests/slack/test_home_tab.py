"""App Home over real sockets: what stands there, who sees it, and that its buttons do what those of messages do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from samples import ALICE, BOTH, DAN, DENIED, GATE_ID, GUEST, MINUTE, OPENED, ROSTER, TEAM, gate, requirement
from world import World

import waiting
from jenkins_mfa.core.home import DECIDED, WAITING, Home, asks
from jenkins_mfa.core.model import Authenticator, Factor, Gate, PersonRecord, State
from jenkins_mfa.errors import MessageGoneError, MessengerUnavailableError, StoreUnavailableError
from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.simulators.slack_rules import MAX_VIEW_BYTES, compact_bytes, home_problems
from jenkins_mfa.simulators.slack_text import plain_blocks
from jenkins_mfa.slack import home
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.usecases.answer import NeedsCode, NeedsTap
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Who

JTI = f"{GATE_ID}.1"
AT = OPENED + 9 * MINUTE
TAP = gate(requirement=requirement(Factor.PUSH, 1))
CODE = Authenticator("a_1", Factor.TOTP, "v1.secret.sealed", OPENED, last_used=OPENED + MINUTE, last_step=58_800_018)
NOTHING = Home("alice", AT, (), 0, 0, (), PersonRecord("alice", 0))


def page(*waiting: Gate, **changes: Any) -> Home:
    asked = tuple((one, asks(one, "alice") or Factor.TOTP) for one in waiting)
    return replace(NOTHING, waiting=asked, **changes)


def read(found: Home) -> str:
    return plain_blocks(home.view(found, ROSTER)["blocks"])


def look(world: World, *waiting: Gate) -> None:
    """Alice's page as it is shown with these gates."""
    world.gates.gates = list(waiting)
    world.messenger.show_home(page(*waiting))


def test_what_waits_what_was_decided_and_what_is_enrolled() -> None:
    """In this order, each in the words of the other surfaces; never a secret."""
    mine = gate(State.RESUMED, confirmations=BOTH, run=replace(gate().run, id="16"), id="g_" + "1" * 32)
    denied = gate(State.DENIED, denial=replace(DENIED, person="alice"), id="g_" + "2" * 32)
    record = PersonRecord("alice", 1, (CODE,))
    assert read(page(gate(), others=2, decided=(mine, denied), record=record)).splitlines() == [
        "Waits for you: 1",
        "Needs confirmation: team one/deploy #17",
        "With a code, until Nov 24, 16:20 UTC.",
        "Environment by the policy: production. Started by Dan Fox.",
        "All of it: /mfa show 8f2c",
        "[Approve with code] [Deny]",
        "2 builds wait for others: /mfa pending",
        "What you decided",
        "Approved, resumed: team one/deploy #16",
        "You confirmed it with a code, Nov 24, 16:05 UTC.",
        "Denied, being aborted: team one/deploy #17",
        "You denied it, Nov 24, 16:12 UTC: 1.4 is not on staging yet",
        "Your authenticators",
        "You are Alice Wu (alice), in release.",
        "Code app: since Nov 24, 16:00 UTC, last used Nov 24, 16:01 UTC.",
        "Security key: none.",
        "[Manage your authenticators]",
        "As of Nov 24, 16:09 UTC. A lost phone or key: /mfa lost. The rest: /mfa help.",
    ]
    assert "sealed" not in str(home.view(page(record=record), ROSTER))


def test_an_empty_page_says_so() -> None:
    """Nothing waits, nothing was decided, nothing is enrolled, or what is stored is damaged."""
    assert read(NOTHING).splitlines()[:2] == ["Nothing waits for you", "Your authenticators"]
    assert "is not what jenkins-mfa wrote" in read(replace(NOTHING, record=None))


def test_a_confirmation_that_can_be_taken_back_has_the_button() -> None:
    """Until the answer is on its way; a denial has none."""
    for state, back in ((State.PENDING, True), (State.APPROVED, True), (State.SENDING, False), (State.DENIED, False)):
        found = read(page(decided=(gate(state, confirmations=BOTH[:1]),)))
        assert ("[Take it back]" in found) == back
    assert "[Take it back]" not in read(page(decided=(gate(State.DENIED, denial=replace(DENIED, person="alice")),)))


def test_the_fullest_page_fits_slacks_limits() -> None:
    """Gates with long names, ten decided: 100 blocks at the most, and the rest is counted."""
    run = replace(gate().run, pipeline="folder/" * 60 + "x&<>“" * 20)
    many = [replace(gate(), id=f"g_{number:032x}", run=run) for number in range(100)]
    decided = tuple(replace(gate(confirmations=BOTH), id=f"g_{n:031x}f", run=run) for n in range(DECIDED))
    view = home.view(page(*many[:WAITING], more=1_080, others=7, decided=decided), ROSTER)
    assert home_problems(view) == []
    assert len(view["blocks"]) <= 80
    assert compact_bytes(view) < MAX_VIEW_BYTES
    assert "1,080 more wait for you: /mfa pending" in plain_blocks(view["blocks"])
    assert plain_blocks(view["blocks"]).startswith("Waits for you: 1,100\n")


def test_opening_it_has_it_shown_by_its_lane(world: World) -> None:
    """S14: whose page it is, the envelope's account says. Its other tab shows nothing."""
    world.slack.open_home(ALICE, "messages")
    world.slack.open_home(ALICE)
    waiting.until(lambda: world.gates.noted)
    assert world.gates.noted == ["home:alice"]
    assert world.gates.heard == {"home:alice": {"at": world.gates.at}}


def test_s14_a_home_tells_strangers_and_guests_why_and_no_builds(world: World) -> None:
    """Not even that any wait."""
    world.gates.gates = [gate()]
    world.slack.add_user("U09MALLORY", "Mallory")
    said = world.slack.open_home("U09MALLORY").wait("home").text
    assert said == "This is for people of the roster. Ask ops to add U09MALLORY of team T01EXAMPLE."
    world.slack.set_user(DAN, guest=True)
    assert world.slack.open_home(DAN).wait("home").text.startswith("Not counted: guests and people of other workspaces")
    assert world.gates.noted == []


def test_who_became_a_guest_is_shown_no_builds_any_more(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """Though the page was opened before."""
    slack.set_user(ALICE, guest=True)
    talker.show_home(page(gate()))
    assert "team one" not in str(slack.home(ALICE))
    talker.show_home(replace(NOTHING, person="eve"))
    assert slack.home(GUEST) is None


def test_a_store_that_is_away_is_said_so(world: World) -> None:
    """The page says what a command would."""
    world.gates.error = StoreUnavailableError("away")
    assert "The store cannot be reached" in world.slack.open_home(ALICE).wait("home").text


def test_s20_what_a_home_tells_in_short_is_shown_whole_before_a_tap_counts(world: World) -> None:
    """What is shown is what is signed: the page tells a gate in short, so a form with all of it comes first."""
    look(world, TAP)
    world.answers.given = NeedsTap(TAP)
    world.slack.press_home(ALICE, "gate_approve", value=JTI).wait("modal")
    assert world.answers.calls[0][:3] == ("tap", JTI, Who(f"slack:{TEAM}", ALICE))
    assert world.answers.calls[0][-1] == "unseen"
    form = world.slack.views(ALICE)[-1]
    assert "message: Deploy 1.4" in plain_blocks(form["blocks"])
    world.answers.given = Counted(gate(State.APPROVED, confirmations=BOTH), 0)
    outcome = world.slack.submit(ALICE, form, {})
    assert outcome.view is not None
    assert plain_blocks(outcome.view["blocks"]) == "Your confirmation counts: 2 of 2. Jenkins gets the answer now."


def test_a_code_is_typed_into_the_same_form_and_answered_in_its_place(world: World) -> None:
    """There is no message below which a private answer could stand."""
    look(world, gate())
    world.answers.given = NeedsCode(gate(), "c_0123456789abcdef", OPENED + 19 * MINUTE)
    world.slack.press_home(ALICE, "gate_approve", value=JTI).wait("modal")
    world.answers.given = Counted(gate(confirmations=BOTH[:1]), 1)
    outcome = world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"code": "123456"})
    assert outcome.view is not None
    assert plain_blocks(outcome.view["blocks"]).startswith("Your confirmation counts: 1 of 2.")
    assert world.slack.ephemerals(ALICE) == []


def test_a_denial_asks_for_its_reason_and_says_who_reads_it(world: World) -> None:
    """Its channel, since this is none."""
    look(world, gate())
    world.answers.given = gate()
    world.slack.press_home(ALICE, "gate_deny", value=JTI).wait("modal")
    form = world.slack.views(ALICE)[-1]
    assert "Dan Fox and its channel will read it." in str(form)
    world.answers.given = gate(State.DENIED, denial=DENIED)
    outcome = world.slack.submit(ALICE, form, {"reason": "not now"})
    assert outcome.view is not None
    assert plain_blocks(outcome.view["blocks"]).startswith("Denied. The build is being aborted")


def test_a_refusal_stands_in_a_form_and_the_page_is_shown_anew(world: World) -> None:
    """A button that nobody could have known to be stale gets a sentence, and the page that has it goes."""
    look(world, gate())
    world.refuse("deadline")
    seen = world.slack.press_home(ALICE, "gate_approve", value=JTI).wait("modal").text
    assert "Not counted: the time ended" in seen
    waiting.until(lambda: world.gates.noted)
    assert world.gates.noted == ["home:alice"]


def test_what_was_confirmed_is_taken_back(world: World) -> None:
    """With the button below it."""
    world.messenger.show_home(page(decided=(gate(confirmations=BOTH[:1]),)))
    world.answers.given = gate()
    seen = world.slack.press_home(ALICE, "gate_retract").wait("modal").text
    assert "Taken back: your confirmation does not count any more." in seen
    assert world.answers.calls[0][:2] == ("retract", JTI)


def test_where_no_form_opens_the_answer_comes_as_a_direct_message(world: World) -> None:
    """Whoever tapped reads what became of it all the same; no button stands there that would be taken for a copy."""
    look(world, TAP)
    world.answers.given = Counted(gate(State.APPROVED, confirmations=BOTH), 0)
    world.slack.fail_next("views.open", "expired_trigger_id")
    outcome = world.slack.press_home(ALICE, "gate_approve", value=JTI)
    assert outcome.wait("message").text == "Your confirmation counts: 2 of 2. Jenkins gets the answer now."


def test_the_way_to_ones_own_page_is_made_when_it_is_asked_for(world: World) -> None:
    """A one-time address stands in no page that stays; a guest gets none."""
    world.answers.pages = "https://mfa.example.com"
    look(world)
    assert "token-of" not in str(world.slack.home(ALICE))
    world.slack.press_home(ALICE, home.ME).wait("modal")
    (button,) = world.slack.views(ALICE)[-1]["blocks"][-1]["elements"]
    assert button["url"] == "https://mfa.example.com/open#token-of-alice"
    world.slack.back(ALICE)
    world.slack.set_user(ALICE, guest=True)
    world.messenger.accounts._known.clear()
    assert "guests and people of other workspaces" in world.slack.press_home(ALICE, home.ME).wait("modal").text


def test_slacks_rate_limit_is_kept_by_all_pages_together(slack: SlackSimulator, talker: SlackMessenger) -> None:
    """One method, one limit: who comes next is told when, and Slack is not called before."""
    slack.fail_next("views.publish", "ratelimited", retry_after=30)
    waits = []
    for person in ("alice", "bob"):
        with pytest.raises(MessengerUnavailableError) as caught:
            talker.show_home(replace(NOTHING, person=person))
        waits.append(caught.value.retry_after)
    assert waits == [30, 31]
    assert len(slack.calls("views.publish")) == 1


def test_an_app_without_the_tab_is_told_apart_from_one_that_does_not_answer(
    slack: SlackSimulator, talker: SlackMessenger
) -> None:
    """An older manifest: nothing is tried again."""
    slack.workspace.home_enabled = False
    with pytest.raises(MessageGoneError, match="not_enabled"):
        talker.show_home(NOTHING)


def test_a_press_in_another_kind_of_view_does_nothing(world: World) -> None:
    """A payload must say that it comes from a Home tab, or from a message."""
    look(world, gate())
    view = world.slack.workspace.homes[ALICE]
    world.slack.workspace.homes[ALICE] = {**view, "type": "modal"}
    world.slack.press_home(ALICE, "gate_approve", value=JTI)
    world.slack.press_home(ALICE, "gate_deny", value=JTI)
    assert world.answers.calls == []


def test_events_of_another_workspace_or_shape_show_nothing(world: World) -> None:
    """Whatever is sent in place of Slack's own event."""
    for event, changes in (
        ({"type": "app_home_opened", "tab": "home", "user": "not an id"}, {}),
        ({"type": "app_home_opened", "tab": "home"}, {}),
        ({"type": "app_home_opened", "tab": "home", "user": ALICE}, {"team_id": "T09OTHER"}),
    ):
        payload = {"team_id": TEAM, "type": "event_callback", "event_id": "Ev1", "event": event, **changes}
        envelope = {"envelope_id": f"e-{len(str(payload))}", "type": "events_api", "payload": payload}
        assert world.slack.send_envelope({**envelope, "accepts_response_payload": False})
    world.slack.open_home(ALICE)
    waiting.until(lambda: world.gates.noted)
    assert world.gates.noted == ["home:alice"]
