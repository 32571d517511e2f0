"""A Jenkinsfile calls `mfaGate`: what is asked, what opens it, and what the log and the build's record say."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from groovy_driver import AGENT, BODY, JOB, KEY, MARKED, URL, Library, now, request_text, said, trust_source

from jenkins_mfa import trust
from jenkins_mfa.core import request, signing_keys
from jenkins_mfa.core.keys import SigningKey

APPROVERS_HAVE_60 = "The approvers have 60 min at most, less if the policy says so."
MAYBE_DOWN = "it may be down. Ask its operator: jenkins-mfa check"
NODE = "This step stands inside node { }, so an executor is held while it waits. Move it outside."
Signed = Callable[..., Callable[[Mapping[str, Any]], Mapping[str, Any]]]


def test_the_body_runs_after_a_right_receipt(library: Library, trusting: str, signed: Signed) -> None:
    """The body runs once, its value is returned, and the log says what was asked and who approved."""
    end = library.play(trusting, f'def v = {BODY}; sh "value ${{v}}"', signed())
    assert end["done"] == ["deploy", "value 42"]
    assert end["result"] == "SUCCESS"
    number = json.loads(request_text(end["asked"][0]))["number"]
    assert said(end)[:3] == [
        '[mfaGate] Paused for approval in Slack: deploy, production. "Deploy 1.4"',
        f"[mfaGate] If Slack asks for a number: {number[:3]} {number[3:]}",
        f"[mfaGate] {APPROVERS_HAVE_60} Jenkins itself ends the wait after 70 min.",
    ]
    assert said(end)[3].startswith("[mfaGate] Approved: alice (totp, ")
    assert said(end)[3].endswith(
        "UTC); rule production-two. Receipt g_8f2c61d07b3e4a5f9c0d1e2f3a4b5c6d.1, trail 4711 " + "9c1e" * 16
    )
    assert said(end)[4] == "[mfaGate] Going on."
    assert end["description"] == "mfa: approved by alice (totp)"


def test_the_receipt_is_in_the_bodys_environment_only(library: Library, trusting: str, signed: Signed) -> None:
    """A deploy target can be given MFA_RECEIPT; after the body it is gone."""
    body = "sh env.MFA_RECEIPT.split('[.]').length + ' parts'"
    pipeline = f"mfaGate(environment: 'x') {{ {body} }}; sh String.valueOf(env.MFA_RECEIPT)"
    assert library.play(trusting, pipeline, signed())["done"] == ["3 parts", "null"]


def test_the_bare_form_returns_what_the_receipt_says(library: Library, trusting: str, signed: Signed) -> None:
    """Plain data: the gate, the people with their factors, the rules, the trail, the receipt."""
    facts = library.play(trusting, "return mfaGate(environment: 'production')", signed())["value"]
    assert facts["gate"] == "g_8f2c61d07b3e4a5f9c0d1e2f3a4b5c6d.1"
    assert [(a["id"], a["factor"]) for a in facts["approvers"]] == [("alice", "totp")]
    assert facts["rules"] == ["production-two"]
    assert facts["audit"] == {"seq": 4711, "head": "9c1e" * 16}
    assert facts["receipt"].count(".") == 2


def test_the_input_is_the_contracts(library: Library, trusting: str) -> None:
    """Random nonce, the agent as the only submitter, the request as a text parameter, an empty receipt."""
    first, second = (library.play(trusting, BODY)["asked"][0] for _ in range(2))
    text = request_text(first)
    asked = request.parse(text)
    assert len(first["id"]) == 36
    assert first["id"].startswith("Mfa-")
    assert first["id"] != second["id"]
    assert (first["submitter"], first["submitterParameter"]) == (AGENT, "submitter")
    assert first["ok"] == "Not here: confirm in Slack"
    assert first["message"] == (
        'Waiting for approval in Slack: deploy, production. "Deploy 1.4". If Slack asks for a number: '
        f"{asked.number[:3]} {asked.number[3:]}. Proceed on this page does not pass the gate, it ends the build."
    )
    assert [(p["type"], p["name"]) for p in first["parameters"]] == [
        ("TextParameterDefinition", "MFA_REQUEST"),
        ("StringParameterDefinition", "MFA_RECEIPT"),
    ]
    assert first["parameters"][1]["default"] == ""
    assert (asked.pipeline, asked.run_id, asked.kids, asked.lib) == (JOB, "17", ("k1",), "1.0.0")
    assert abs(asked.at - now()) < 60


def test_watched_variables_are_read_by_the_own_step(library: Library, trusting: str) -> None:
    """Set ones with their values, an outer withEnv included; the others are named as not set."""
    pipeline = "withEnv(['DB_HOST=db-2']) { mfaGate(environment: 'x', watchEnv: ['DB_HOST', 'EMPTY', 'NONE']) { } }"
    asked = request.parse(request_text(library.play(trusting, pipeline, env={"EMPTY": ""})["asked"][0]))
    assert asked.variables == (("DB_HOST", "db-2"), ("EMPTY", ""))
    assert asked.unset == ("NONE",)


def test_details_become_text(library: Library, trusting: str) -> None:
    """Numbers and booleans as they are written; a GString, nested too, by its parts."""
    pipeline = (
        'def v = "1.${2 + 2}"; mfaGate(environment: \'x\', message: "Deploy ${v} ${true}",'
        ' details: [n: 3, price: 1.50, yes: true, big: 10000000000, half: 0.5d, v: "v${v}"]) { }'
    )
    asked = request.parse(request_text(library.play(trusting, pipeline)["asked"][0]))
    assert asked.message == "Deploy 1.4 true"
    assert dict(asked.details) == {
        "n": "3",
        "price": "1.50",
        "yes": "true",
        "big": "10000000000",
        "half": "0.5",
        "v": "v1.4",
    }


@pytest.mark.parametrize(("minutes", "waits"), [(None, 4200), (1, 660), (20, 1800), (60, 4200), (1440, 4200)], ids=str)
def test_jenkins_own_timeout_ends_the_build(library: Library, trusting: str, minutes: int | None, waits: int) -> None:
    """The least of what is asked and what Trust allows, and ten minutes more, even when no agent lives."""
    asked = "" if minutes is None else f", timeoutMinutes: {minutes}"
    end = library.play(trusting, f"mfaGate(environment: 'x'{asked}) {{ }}", {"timeout": "own"})
    wait, answer = waits // 60, waits // 60 - 10
    told = f"The approvers have {answer} min at most, less if the policy says so."
    assert f"[mfaGate] {told} Jenkins itself ends the wait after {wait} min." in said(end)
    late = f"No answer within {wait} min, not even from jenkins-mfa, which had to end it after {answer} min"
    assert said(end)[-2:] == [f"[mfaGate] {late}: {MAYBE_DOWN}", MARKED]


def test_a_gate_inside_node_warns(library: Library, trusting: str, signed: Signed) -> None:
    """It works there, and says that an executor is held."""
    end = library.play(trusting, f"node {{ {BODY} }}", signed())
    assert end["done"] == ["deploy"]
    assert f"[mfaGate] {NODE}" in said(end)


@pytest.mark.parametrize(
    ("before", "answer", "after"),
    [
        ("by me", {"abort": "dfox"}, "by me\nmfa: ended: not approved"),
        ("by me\nmfa: approved by eve (push)\nand me", {"abort": "dfox"}, "by me\nand me\nmfa: ended: not approved"),
        (None, {"abort": AGENT, "description": "x\nmfa: denied by Bob: no"}, "x\nmfa: denied by Bob: no"),
        (None, {"abort": AGENT, "description": "mfa: expired, 1 of 2"}, "mfa: expired, 1 of 2"),
        (None, {"abort": AGENT, "description": "mfa: waiting for 2"}, "mfa: ended: not approved"),
        (None, {"proceed": "admin", "description": "mfa: approved by Alice (code)"}, "mfa: ended: not approved"),
    ],
)
def test_only_the_own_line_of_the_description_changes(
    library: Library, trusting: str, before: str | None, answer: dict[str, Any], after: str
) -> None:
    """The author's lines stay; what the agent wrote about the denial stays too."""
    assert library.play(trusting, BODY, answer, description=before)["description"] == after


@pytest.mark.parametrize("agents", ["approved by Alice Wu (code)", "passed by the policy: no rule asks"])
def test_what_the_agent_wrote_of_an_approval_stays(
    library: Library, trusting: str, signed: Signed, agents: str
) -> None:
    """The two share one line: a step that comes later than the agent does not put account names over people's."""
    answer = signed()
    end = library.play(trusting, BODY, lambda asked: {**answer(asked), "description": f"mfa: {agents}"})
    assert end["done"] == ["deploy"]
    assert end["description"] == f"mfa: {agents}"


def test_the_policy_may_ask_for_nobody(library: Library, trusting: str, signed: Signed) -> None:
    """`confirm: none` opens where the step named neither factor nor quorum, and the log says so."""
    end = library.play(trusting, BODY, signed(approvers=[], rules=["nightly"]))
    assert end["done"] == ["deploy"]
    assert said(end)[3].startswith("[mfaGate] Passed by the policy without a confirmation; rule nightly. Receipt ")


def test_an_unknown_controller_cannot_ask(library: Library, trusting: str) -> None:
    """Without an entry in Trust there is no agent's account to name: the build ends before it pauses."""
    end = library.play(trusting, BODY, rootUrl="https://other.example.com/")
    assert end["asked"] == []
    assert "this Jenkins is not named in the class mfa.Trust" in said(end)[0]


def test_a_key_past_its_last_moment_opens_nothing(library: Library, signed: Signed) -> None:
    """A retired key is not offered, and what it signs is refused, though the library still holds it."""
    spki = signing_keys.spki(KEY.public_key())
    retired = trust_source({"k1": spki}, ends=1764000000)
    where = library.trusting(retired)
    end = library.play(where, BODY, signed())
    assert end["asked"] == []
    assert "the library holds no key that is still in use" in said(end)[0]
    newer = retired.replace("['k1'", f"['k2', 'EdDSA', '{spki}', 4102444800L],\n            ['k1'")
    end = library.play(library.trusting(newer), BODY, signed())
    assert json.loads(request_text(end["asked"][0]))["kids"] == ["k2"]
    assert "[mfaGate] Not approved: the receipt is signed with key k1, which is not known here." in said(end)
    assert end["done"] == []


def test_the_generated_trust_opens_a_gate(library: Library, signed: Signed) -> None:
    """What `keys public --library` writes is the class that this library reads, quotes and letters included."""
    names = {"installation": "it's \\ größer", "sources": [(URL, "main", AGENT), ("http://b/", "b", "o'neil")]}
    signing = [SigningKey("k1", KEY, 0, 4102444800)]
    where = library.trusting(trust.render(signing=signing, max_seconds=3600, bare="throw", **names))
    end = library.play(where, BODY, signed(issuer="mfa:it's \\ größer"))
    assert end["done"] == ["deploy"]
    end = library.play(where, BODY, rootUrl="http://b/")
    assert end["asked"][0]["submitter"] == "o'neil"


MEND = "the administrator of the library runs jenkins-mfa keys public --library DIR, and sets the new tag."


@pytest.mark.parametrize(("days", "says"), [(29, "29 days"), (1, "1 day"), (31, "")], ids=str)
def test_the_log_says_that_the_last_key_of_the_library_ends_soon(
    library: Library, signed: Signed, days: int, says: str
) -> None:
    """Below the announcement; the gate opens all the same."""
    ends = now() + days * 86400 + 3600
    where = library.trusting(trust_source({"k1": signing_keys.spki(KEY.public_key())}, ends=ends))
    end = library.play(where, BODY, signed())
    told = [line for line in said(end) if "last key" in line]
    assert told == ([f"[mfaGate] The last key that this library knows, k1, ends in {says}: {MEND}"] if says else [])
    assert end["result"] == "SUCCESS"


@pytest.mark.parametrize(("kid", "told"), [("k2", True), ("k1", False), ("", False), ("k2\nfaked", False), (7, False)])
def test_the_log_says_that_the_library_does_not_know_the_newest_key(
    library: Library, trusting: str, signed: Signed, kid: object, told: bool
) -> None:
    """As the verified receipt says; it decides nothing, and only what is a key's name gets into the log."""
    end = library.play(trusting, BODY, signed(newest_kid=kid))
    shown = f"[mfaGate] This library does not know the newest key of jenkins-mfa, k2: {MEND}"
    assert [line for line in said(end) if "newest key" in line] == [shown] * told
    assert end["done"] == ["deploy"]
    assert end["result"] == "SUCCESS"
