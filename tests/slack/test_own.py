"""`/mfa me` and `/mfa lost`: what one has enrolled, and that it is lost."""

from __future__ import annotations

from dataclasses import replace

from samples import ALICE, BOB, DEPLOYS, MINUTE, OPENED, TEAM, gate
from world import World

from jenkins_mfa.core.model import Authenticator, Factor, PersonRecord
from jenkins_mfa.errors import StoreUncertainError
from jenkins_mfa.slack import blocks
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.loss import Ended

CODE = Authenticator("a_1", Factor.TOTP, "v1.secret.sealed", OPENED, last_used=OPENED + MINUTE, last_step=58_800_018)
KEY = Authenticator("a_2", Factor.WEBAUTHN, "v1.secret.sealed", OPENED + 2 * MINUTE, label="blue key")
OLD = Authenticator("a_0", Factor.TOTP, "v1.secret.sealed", OPENED - MINUTE, suspended_at=OPENED)


def ask(world: World, text: str, user: str = BOB) -> str:
    return world.slack.slash(user, "/mfa", text, DEPLOYS).wait("ephemeral").text


def test_me_shows_what_is_enrolled_and_never_a_secret(world: World) -> None:
    """Kinds, since when, last used; what is suspended is not in use."""
    world.gates.people = {"bob": PersonRecord("bob", 1, (OLD, CODE, KEY))}
    world.gates.gates = [gate()]
    said = ask(world, "me")
    assert said.splitlines() == [
        "You are Bob Ray (bob), in release.",
        "Code app: since Nov 24, 16:00 UTC, last used Nov 24, 16:01 UTC.",
        "Security key blue key: since Nov 24, 16:02 UTC, never used.",
        "You can answer 1 of the 1 builds that wait.",
    ]
    assert "sealed" not in said


def test_me_says_what_is_missing(world: World) -> None:
    """Nothing enrolled, nothing waits."""
    assert ask(world, "me").splitlines() == [
        "You are Bob Ray (bob), in release.",
        "Code app: none.",
        "Security key: none.",
        "Nothing waits.",
    ]


def test_me_says_what_keeps_codes_from_counting(world: World) -> None:
    """A wait, a switch-off, a loss."""
    world.gates.people = {"bob": PersonRecord("bob", 1, (CODE,), failures=6, wait_until=world.gates.at + MINUTE)}
    assert "Too many codes did not match: they are taken again at 16:10 UTC." in ask(world, "me")
    world.gates.people = {"bob": PersonRecord("bob", 1, (CODE,), failures=50)}
    assert "Your codes are switched off after 50 misses." in ask(world, "me")
    world.gates.people = {"bob": PersonRecord("bob", 1, (OLD,), lost_at=OPENED)}
    assert ask(world, "me").splitlines()[1] == (
        "All that you answer with was called lost: Nov 24, 16:00 UTC. "
        "To answer again you need a new address to enrol with: ask an administrator."
    )


def test_second_admin_me_shows_what_waits_and_that_it_counts_for_nothing(world: World) -> None:
    """It is none of those in use; after a loss it stands below what to do."""
    waits = replace(KEY, waits_until=OPENED + 60 * MINUTE)
    line = "Security key blue key: waits for a second administrator until Nov 24, 17:00 UTC; it counts for nothing yet."
    world.gates.people = {"bob": PersonRecord("bob", 1, (CODE, waits))}
    assert ask(world, "me").splitlines()[2:4] == ["Security key: none.", line]
    world.gates.people = {"bob": PersonRecord("bob", 1, (OLD, waits), lost_at=OPENED)}
    assert ask(world, "me").splitlines()[2] == line


def test_lost_reaches_the_use_case_with_the_account(world: World) -> None:
    """S14: whose authenticators end is the envelope's account, whatever is typed."""
    world.answers.given = Ended(("a_1",), (gate(),))
    assert ask(world, "LOST", ALICE) == (
        "Suspended: all that you answer with. From now on nothing of yours counts, not even a tap. "
        "Your confirmation on a build that waits does not count any more. "
        "To answer again you need a new address to enrol with: ask an administrator."
    )
    assert world.answers.calls == [("lose", Who(f"slack:{TEAM}", ALICE))]


def test_lost_with_more_words_ends_nothing(world: World) -> None:
    """Nobody loses their own phone by a command about somebody else's."""
    assert ask(world, "lost phone") == "/mfa lost needs somebody of the roster: @name or their id there."
    assert "/mfa me bob is not known." in ask(world, "me bob")
    assert world.answers.calls == []


def test_a_loss_that_was_not_stored_is_said_so(world: World) -> None:
    """The person must know that it has to be said again."""
    world.answers.given = StoreUncertainError("the answer was lost")
    assert "Not known whether this was recorded" in ask(world, "lost")


def test_me_leads_to_the_page_where_there_are_pages(world: World) -> None:
    """A button; the address is in no text, which notifications show."""
    world.answers.pages = "https://mfa.example.com"
    said = ask(world, "me")
    (call,) = [call for call in world.slack.calls("response_url") if "actions" in str(call.args)]
    (button,) = call.args["blocks"][-1]["elements"]
    assert (button["url"], button["action_id"]) == ("https://mfa.example.com/open#token-of-bob", blocks.LINK)
    assert "[Manage your authenticators]" in said
    assert "token" not in call.args["text"]
