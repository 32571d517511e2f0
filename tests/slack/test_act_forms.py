"""What administrators do in the simulated Slack: the command, the form that asks for their code, what is told."""

from __future__ import annotations

import pytest
from samples import BOB, CAROL, DEPLOYS, MINUTE, OPENED, OPS, ROSTER, TEAM
from world import World

from jenkins_mfa.core.model import Act, Alert
from jenkins_mfa.errors import Refusal, StoreUncertainError, UntrustedInputError
from jenkins_mfa.slack import payloads, views
from jenkins_mfa.usecases.acts import NeedsCode, NeedsPage
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.words import alerts, render

UNLOCK = Act("unlock", "bob")
FORM = NeedsCode(UNLOCK, "c_0123", OPENED + 10 * MINUTE)


def ask(world: World, text: str, user: str = CAROL) -> str:
    return world.slack.slash(user, "/mfa", text, DEPLOYS).wait("ephemeral").text


def form(world: World, text: str = "unlock bob") -> dict[str, object]:
    """The form that the command opens."""
    world.answers.given = FORM
    world.slack.slash(CAROL, "/mfa", text, DEPLOYS).wait("modal")
    return world.slack.views(CAROL)[-1]


@pytest.mark.parametrize("named", ["bob", "Bob", f"<@{BOB}>", f"<@{BOB}|bob>"])
def test_the_form_names_the_act_and_whom_it_is_about(world: World, named: str) -> None:
    """A mention as Slack escapes it, or a roster id; what the code is given for stands above its field."""
    shown = form(world, f"unlock {named}")
    assert shown["callback_id"] == "act_totp"
    (section,) = shown["blocks"][0]["elements"]  # type: ignore[index]
    said = "".join(one.get("text", "") for one in section["elements"])
    assert said.startswith("Let the codes of Bob Ray count again.\n")
    assert world.answers.calls[0][:3] == ("begin", UNLOCK, Who(f"slack:{TEAM}", CAROL))


def test_the_code_goes_to_the_use_case_with_the_same_act(world: World) -> None:
    """And who acts is whom the envelope of the form names (S14)."""
    shown = form(world)
    world.answers.given = UNLOCK
    outcome = world.slack.submit(CAROL, shown["id"], {"code": "123 456"})  # type: ignore[arg-type]
    assert outcome.closed
    assert outcome.wait("ephemeral").text == "Done: the codes of Bob Ray count again. They and ops are told."
    assert world.answers.calls[1][:5] == ("finish", UNLOCK, "c_0123", Who(f"slack:{TEAM}", CAROL), "123 456")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Refusal("code_wrong", {"left": "3"}), "That code does not match. 3 tries left."),
        (Refusal("challenge_over"), "This form has ended. Tap Back, then begin again."),
        (Refusal("no_tries"), "No tries left in this form. Tap Back, then begin again."),
        (
            Refusal("throttled", {"wait_until": str(OPENED + 13 * MINUTE)}),
            "Too many answers did not match. Next try in 4 min, at 16:13 UTC.",
        ),
        (Refusal("disabled"), "Your codes are switched off after 50 misses. An administrator lets them count again: "),
    ],
)
def test_what_is_wrong_with_the_code_stands_at_its_field(world: World, error: Refusal, sentence: str) -> None:
    """The same field as a gate's, without what only a gate has."""
    shown = form(world)
    world.answers.given = error
    assert world.slack.submit(CAROL, shown["id"], {"code": "123456"}).errors["code"].startswith(sentence)  # type: ignore[arg-type]


def test_an_act_that_cannot_be_done_any_more_ends_the_form(world: World) -> None:
    """With the reason in its place."""
    shown = form(world)
    world.answers.given = Refusal("not_locked")
    outcome = world.slack.submit(CAROL, shown["id"], {"code": "123456"})  # type: ignore[arg-type]
    assert outcome.view is not None
    assert "Nothing to do: the codes of this person are not locked." in str(outcome.view)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Refusal("not_administrator"), "Not done: only the administrators whom the policy names may do this."),
        (
            Refusal("own_codes"),
            "Not done: nobody lifts the lock of their own codes. Another administrator can.",
        ),
        (
            Refusal("no_authenticator"),
            (
                "This takes a code, and you have no authenticator yet. An administrator enrols you: "
                "jenkins-mfa enroll local carol"
            ),
        ),
        (
            Refusal("key_alone", {"act": "unlock", "target": "bob"}),
            (
                "Not done: this takes a code, and you have a security key alone. Ask an administrator with a code "
                "app, or the operator: jenkins-mfa authenticators unlock bob"
            ),
        ),
        (
            StoreUncertainError("lost"),
            "Not known whether this was recorded: the store went away. Tap again in a minute; you count once.",
        ),
    ],
)
def test_a_command_that_opens_no_form_says_why(world: World, given: object, sentence: str) -> None:
    """No form that cannot be used."""
    world.answers.given = given
    assert ask(world, "unlock bob") == sentence


@pytest.mark.parametrize("named", ["", "zoe", "@bob", "<@U0NOBODY|x>", f"<@{BOB}> now"])
def test_whoever_is_not_named_for_sure_is_not_named(world: World, named: str) -> None:
    """A bare @name may be anybody's: only a mention that Slack made, or the roster's own id."""
    assert ask(world, f"unlock {named}") == "/mfa unlock needs somebody of the roster: @name or their id there."
    assert world.answers.calls == []


@pytest.mark.parametrize("act", [UNLOCK, Act("invite", "bob")])
def test_a_page_is_opened_by_a_button_that_no_notification_shows(world: World, act: Act) -> None:
    """The act and its target are named beside it."""
    world.answers.given = NeedsPage(act, f"https://mfa.example.com/open#{'t' * 43}", OPENED + 10 * MINUTE)
    message = world.slack.slash(CAROL, "/mfa", f"{act.name} bob", DEPLOYS).wait("ephemeral")
    assert " Confirm it on a page that opens once, for you only, until Nov 24, 16:10 UTC." in message.text
    assert "Bob Ray" in message.text
    (call,) = [call for call in world.slack.calls("response_url") if "actions" in str(call.args)]
    assert f"open#{'t' * 43}" in str(call.args["blocks"])
    assert "tttt" not in call.args["text"]
    assert world.answers.calls[0][:2] == ("begin", act)


CONFIRM = Act("confirm", "bob a_0123456789abcdef")


def test_second_admin_the_form_names_the_authenticator_and_carries_it(world: World) -> None:
    """What the command meant is what the form asks, and what its code is given for."""
    world.answers.given = NeedsCode(CONFIRM, "c_0123", OPENED + 10 * MINUTE)
    world.slack.slash(CAROL, "/mfa", "confirm bob", DEPLOYS).wait("modal")
    shown = world.slack.views(CAROL)[-1]
    (section,) = shown["blocks"][0]["elements"]
    said = "".join(one.get("text", "") for one in section["elements"])
    asks = "Let a_0123456789abcdef count, which Bob Ray has enrolled: they answer with it from then on. Ask them first."
    assert said.startswith(asks)
    world.answers.given = None
    outcome = world.slack.submit(CAROL, shown["id"], {"code": "123456"})
    done = "Done: a_0123456789abcdef of Bob Ray counts from now on. They and ops are told."
    assert outcome.wait("ephemeral").text == done
    assert [call[:2] for call in world.answers.calls] == [("begin", Act("confirm", "bob")), ("finish", CONFIRM)]


def test_second_admin_the_page_that_is_led_to_names_the_authenticator(world: World) -> None:
    """For administrators with a key."""
    world.answers.given = NeedsPage(CONFIRM, f"https://mfa.example.com/open#{'t' * 43}", OPENED + 10 * MINUTE)
    assert ask(world, "confirm bob").startswith("Let a_0123456789abcdef count, which Bob Ray has enrolled")


def test_second_admin_what_waits_and_what_counts_is_told_to_ops_and_to_its_person() -> None:
    """Who let it in, who confirmed it, until when it waits, and what to do."""
    told = {"person": "bob", "by": "alice", "kinds": "totp", "until": str(OPENED + 60 * MINUTE)}
    said = [
        render.terminal(line)
        for code in ("enrol_waits", "enrolled")
        for to in ("", "bob")
        for line in alerts.alert(Alert(f"e:{to}", code, OPENED, values=told | {"second": "carol"}, to=to), None, ROSTER)
    ]
    assert said == [
        (
            "Bob Ray has enrolled a code app, invited by Alice Wu. It counts for nothing until a second administrator "
            "confirms it, before Nov 24, 17:00 UTC: /mfa confirm @bob, after asking Bob Ray."
        ),
        (
            "You have enrolled a code app, invited by Alice Wu. It counts for nothing until a second administrator "
            "confirms it, before Nov 24, 17:00 UTC. If that was not you: /mfa lost, and tell ops."
        ),
        "Bob Ray can answer with a code app from now on, enrolled by Alice Wu, confirmed by Carol Diaz.",
        (
            "You can answer with a code app from now on, enrolled by Alice Wu, confirmed by Carol Diaz. "
            "If that was not you: /mfa lost, and tell ops."
        ),
    ]


def test_an_invitation_without_pages_says_so(world: World) -> None:
    """And how else somebody is enrolled."""
    world.answers.given = Refusal("no_invitations", {"target": "bob"})
    assert ask(world, "invite bob") == (
        "Not done: jenkins-mfa has no pages to enrol on. Ops: [web] in config.toml; or at the agent's terminal: "
        "jenkins-mfa enroll local bob"
    )


def told(code: str) -> list[str]:
    """What ops, and then Bob, read of what Carol has done about him."""
    values = {"person": "bob", "by": "carol"}
    given = [Alert(f"{code}:{to}", code, OPENED, values=values, to=to) for to in ("", "bob")]
    return [render.terminal(line) for one in given for line in alerts.alert(one, None, ROSTER)]


def test_an_invitation_is_told_to_ops_and_to_its_person() -> None:
    """Without the address; and what to do who did not expect it."""
    assert told("invited") == [
        "Carol Diaz has invited Bob Ray to enrol an authenticator.",
        (
            "Carol Diaz has made a one-time address for you, to enrol an authenticator, and hands it over outside "
            "Slack. If you did not expect that, tell ops, and answer No when you are asked whether it is you."
        ),
    ]


def test_a_form_of_a_gate_serves_no_act(world: World) -> None:
    """What a form is about is what we wrote into it, and nothing else."""
    world.answers.given = FORM
    shown = form(world)
    shown["private_metadata"] = f"g_{'0' * 32}.1 c_0123 {DEPLOYS}"
    body = {
        "user": {"id": CAROL, "team_id": TEAM},
        "team": {"id": TEAM},
        "trigger_id": "1.2.3",
        "view": shown | {"state": {"values": {"code": {"code": {"value": "123456"}}}}},
    }
    assert payloads.form(body, TEAM).about.act is None
    world.slack.socket.deliver("interactive", {**body, "type": "view_submission"}, accepts=True)
    assert [call[0] for call in world.answers.calls] == ["begin"]


@pytest.mark.parametrize("target", ["bob", "main:o'neill <x>", "münchen %2F", "a" * 300])
def test_any_target_comes_back_from_a_form(target: str) -> None:
    """Requesters that no roster knows have any name."""
    about = views.About("", "c_1", DEPLOYS, Act("release", target))
    assert views.read_about(str(about)) == about


@pytest.mark.parametrize("text", ["unlock: c_1 C01", "UNLOCK:bob c_1 C01", "unlock:b b c_1 C01", ":bob c_1 C01"])
def test_what_we_did_not_write_is_no_act(text: str) -> None:
    """S15: one strict reader."""
    with pytest.raises(UntrustedInputError):
        views.read_about(text)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (f"ask <@{BOB}|bob> in <#{OPS}|ops>", "ask @bob in #ops"),
        ("see <https://example.com/a?b=1&amp;c|example.com>", "see example.com"),
        ("1 &lt; 2 &amp; 3", "1 < 2 & 3"),
        ("plain", "plain"),
    ],
)
def test_a_reason_is_kept_as_it_was_typed(typed: str, read: str) -> None:
    """Slack marks mentions and links in commands since one of them names people."""
    assert payloads.readable(typed) == read


def test_a_lifted_lock_is_told_to_ops_and_to_the_person() -> None:
    """DESIGN: every change of an authenticator is announced."""
    assert told("unlocked") == [
        "The codes of Bob Ray count again: Carol Diaz lifted the lock.",
        "Your codes count again: Carol Diaz lifted the lock.",
    ]


def test_an_operator_who_lifts_a_lock_is_named_by_login() -> None:
    """The terminal's login need not be in the roster."""
    given = Alert("u", "unlocked", OPENED, values={"person": "bob", "by": "operator:root"})
    (line,) = alerts.alert(given, None, ROSTER)
    assert render.terminal(line) == "The codes of Bob Ray count again: “operator:root” lifted the lock."
