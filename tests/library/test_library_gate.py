"""A Jenkinsfile calls `mfaGate`: what opens it, what ends the build, and what is said."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from groovy_driver import AGENT, JOB, Library, now, request_text, trust_source

from conftest import KEY
from jenkins_mfa.core import request, signing_keys
from jenkins_mfa.core.receipt import Approver

BODY = "mfaGate(environment: 'production', action: 'deploy', message: 'Deploy 1.4') { sh 'deploy'; return 42 }"
BARE = "mfaGate(environment: 'production', action: 'deploy', message: 'Deploy 1.4'); sh 'deploy'"
MAYBE_DOWN = "not even from jenkins-mfa: it may be down. Ask its operator: jenkins-mfa check"
NODE = "This step stands inside node { }, so an executor is held while it waits. Move it outside."
MARKED = "[mfaGate] This build is marked ABORTED, whatever the Pipeline catches."

Signed = Callable[..., Callable[[Mapping[str, Any]], Mapping[str, Any]]]


def said(end: Mapping[str, Any]) -> list[str]:
    """The library's own lines of the log."""
    return [line for line in end["log"] if line.startswith("[mfaGate] ")]


def test_the_body_runs_after_a_right_receipt(library: Library, trusting: str, signed: Signed) -> None:
    """The body runs once, its value is returned, and the log says what was asked and who approved."""
    end = library.play(trusting, f'def v = {BODY}; sh "value ${{v}}"', signed())
    assert end["done"] == ["deploy", "value 42"]
    assert end["result"] == "SUCCESS"
    number = json.loads(request_text(end["asked"][0]))["number"]
    assert said(end)[:3] == [
        '[mfaGate] Paused for approval in Slack: deploy, production. "Deploy 1.4"',
        f"[mfaGate] If Slack asks for a number: {number[:3]} {number[3:]}",
        "[mfaGate] Ends by itself after 70 min at the latest.",
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
    assert f"[mfaGate] Ends by itself after {waits // 60} min at the latest." in said(end)
    assert said(end)[-2:] == [
        f"[mfaGate] No answer within {waits // 60} min, {MAYBE_DOWN}",
        MARKED,
    ]


PRESSED = " pressed Proceed, but only a receipt of jenkins-mfa counts. Confirm in Slack next time."
SHOW = f'jenkins-mfa show --run "{JOB}" 17'
ENDINGS: dict[str, tuple[Mapping[str, Any], list[str]]] = {
    "agent_without_a_word": (
        {"abort": AGENT},
        [f"Not approved: jenkins-mfa aborted this step. Who and why: the Slack message, or: {SHOW}"],
    ),
    "agent_with_a_word": (
        {"abort": AGENT, "description": "mine\nmfa: denied by Bob Ray: 1.4 is not on staging yet"},
        [
            'Not approved. jenkins-mfa wrote (not verified): "denied by Bob Ray: 1.4 is not on staging yet"',
            "Start a new build to ask again.",
        ],
    ),
    "somebody_else": ({"abort": "dfox"}, ["Aborted in Jenkins by dfox."]),
    "somebody_unknown": ({"abort": None}, ["Aborted in Jenkins by somebody."]),
    "agent_in_other_letters": ({"abort": "MFA-AGENT"}, ["Aborted in Jenkins by MFA-AGENT."]),
    "stopped": ({"stop": "dfox"}, ["The build was stopped by dfox."]),
    "outer_timeout": ({"timeout": "outer"}, ["A timeout around this step ended the wait."]),
    "sibling_failed": ({"branch": True}, ["Jenkins ended the wait before an answer came."]),
    "input_could_not_open": (
        {"error": True},
        ["Jenkins ended the wait before an answer came: java.lang.IllegalStateException"],
    ),
    "administrator_proceeds_empty": (
        {"proceed": "admin"},
        ["Not approved: " + "admin" + PRESSED],
    ),
    "proceed_gives_null": (
        {"proceed": None},
        ["Not approved: " + "somebody" + PRESSED],
    ),
    "proceed_without_receipt": (
        {"proceed": {"submitter": "admin", "MFA_REQUEST": "x"}},
        ["Not approved: " + "admin" + PRESSED],
    ),
    "proceed_with_empty_receipt": (
        {"proceed": {"submitter": "admin", "MFA_RECEIPT": ""}},
        ["Not approved: " + "admin" + PRESSED],
    ),
    "receipt_is_no_text": (
        {"proceed": {"submitter": "admin", "MFA_RECEIPT": {"a": 1}}},
        ["Not approved: " + "admin" + PRESSED],
    ),
    "agent_itself_without_receipt": (
        {"proceed": AGENT},
        ["Not approved: " + AGENT + PRESSED],
    ),
    "receipt_of_100_kb": (
        {"proceed": {"submitter": AGENT, "MFA_RECEIPT": "a" * 100_000}},
        ["Not approved: the receipt is larger than 16 KiB.", f"The body did not run. Tell security: {SHOW}"],
    ),
    "hostile_name": (
        {"proceed": "eve\n[mfaGate] Approved: bob\u202e"},
        [
            "Not approved: eve\\u000a[mfaGate] Approved: bob\\u202e" + PRESSED,
        ],
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_every_other_ending_aborts_the_build(library: Library, trusting: str, name: str) -> None:
    """T2, T3: the body does not run, the log says why in a plain sentence, the result is ABORTED."""
    answer, sentences = ENDINGS[name]
    end = library.play(trusting, BODY, answer)
    assert end["done"] == []
    assert end["result"] == "ABORTED"
    assert end["thrown"].endswith("FlowInterruptedException")
    assert said(end)[3:] == [*(f"[mfaGate] {sentence}" for sentence in sentences), MARKED]


RECEIPTS: dict[str, tuple[dict[str, Any], str]] = {
    "other_job": ({"pipeline": "team two/deploy"}, "is for another build (team two/deploy #17)"),
    "other_build": ({"run_id": "16"}, "is for another build (team one/deploy #16)"),
    "other_source": ({"source": "test"}, "is for another source"),
    "other_gate": ({"nonce": "Mfa-" + "0" * 32}, "is for another gate of this build"),
    "other_request": ({"request_sha256": "0" * 64}, "answers another request"),
    "future": ({"iat": now() + 300, "exp": now() + 600}, "is dated in the future: compare the clocks"),
    "weaker": ({"approvers": [Approver("alice", "push", 1), Approver("bob", "push", 1)]}, "names push, asked: totp"),
    "fewer": ({"approvers": [Approver("alice", "totp", 1)]}, "names totp by 1 person, asked: 2"),
    "nobody": ({"approvers": []}, "says that nobody confirmed, but the step asks for a confirmation"),
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_receipt_for_something_else_does_not_open(library: Library, trusting: str, signed: Signed, name: str) -> None:
    """S8: job, build, source, gate, request and people are compared with this gate's own."""
    changes, says = RECEIPTS[name]
    pipeline = "mfaGate(environment: 'x', factor: 'totp', quorum: 2) { sh 'deploy' }"
    end = library.play(trusting, pipeline, signed(**changes))
    assert end["done"] == []
    assert end["result"] == "ABORTED"
    assert said(end)[3:] == [
        f"[mfaGate] Not approved: the receipt {says}.",
        f"[mfaGate] The body did not run. Tell security: {SHOW}",
        MARKED,
    ]


def test_a_receipt_of_a_gate_before_does_not_open_the_next(library: Library, trusting: str, signed: Signed) -> None:
    """Two gates of one build have two nonces: what opened the first is refused by the second (S5)."""
    kept: list[Mapping[str, Any]] = []

    def keep(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        kept.append(signed()(asked))
        return kept[0]

    end = library.play(trusting, f"{BODY}; {BODY}", keep, lambda _: kept[0])
    assert end["done"] == ["deploy"]
    assert "[mfaGate] Not approved: the receipt is for another gate of this build." in said(end)


def test_a_right_receipt_through_somebody_else_does_not_open(library: Library, trusting: str, signed: Signed) -> None:
    """T2: a receipt that leaked counts only when the agent itself submits it."""

    def forged(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"proceed": {**signed()(asked)["proceed"], "submitter": "dev"}}

    end = library.play(trusting, BODY, forged)
    assert end["done"] == []
    assert f"[mfaGate] Not approved: the receipt came through dev, not {AGENT}." in said(end)


def test_the_bare_form_says_nothing_of_a_body(library: Library, trusting: str, signed: Signed) -> None:
    """What follows the gate does not run, and the log speaks of no body."""
    end = library.play(trusting, BARE, signed(run_id="16"))
    assert end["done"] == []
    assert said(end)[4] == f"[mfaGate] Tell security: {SHOW}"


GOES_ON = {
    "try": "try { %s } catch (Throwable t) { }; sh 'after'",
    "catchError": "catchError { %s }; sh 'after'",
    "retry": "try { retry(3) { %s } } catch (Throwable t) { }; sh 'after'",
    "finally": "try { %s } finally { sh 'after' }",
    "set_back": (
        "try { %s } catch (Throwable t) { }; build.executable.setResult(hudson.model.Result.SUCCESS); sh 'after'"
    ),
}


@pytest.mark.parametrize("name", GOES_ON)
def test_a_swallowed_denial_runs_nothing_and_is_never_green(library: Library, trusting: str, name: str) -> None:
    """The result sticks, whatever the Pipeline catches; the body never runs, nothing is asked again."""
    end = library.play(trusting, GOES_ON[name] % BODY, {"abort": AGENT})
    assert end["done"] == ["after"]
    assert end["result"] == "ABORTED"
    assert len(end["asked"]) == 1


@pytest.mark.parametrize("block", ["catchError", "warnError('x')"])
def test_the_bare_form_does_not_open_inside_what_goes_on(library: Library, trusting: str, block: str) -> None:
    """A denial inside catchError would be a way to deploy by accident: refused before the build pauses."""
    end = library.play(trusting, f"{block} {{ stage('x') {{ {BARE} }} }}")
    assert end["asked"] == []
    assert end["done"] == []
    assert "without a body it does not open inside catchError or warnError" in said(end)[0]
    assert end["result"] == "ABORTED"


def test_the_form_with_a_body_opens_inside_what_goes_on(library: Library, trusting: str, signed: Signed) -> None:
    """With a body nothing can run by accident, so nothing is refused."""
    assert library.play(trusting, f"catchError {{ {BODY} }}", signed())["done"] == ["deploy"]


@pytest.mark.parametrize("name", [name for name in GOES_ON if name != "catchError"])
def test_kill_survives_whatever_the_pipeline_catches(library: Library, killing: str, name: str) -> None:
    """`bare = "kill"`: after a denial nothing runs, and the executors of this build alone are freed."""
    end = library.play(killing, GOES_ON[name] % BARE, {"abort": AGENT}, held=True)
    assert end["done"] == []
    assert end["killed"]
    assert said(end)[-1] == "[mfaGate] This build is ended now."
    assert end["interrupted"] == [True, False, False]


def test_kill_concerns_the_bare_form_only(library: Library, killing: str) -> None:
    """The form with a body protects by itself: `post` and notifications run."""
    end = library.play(killing, f"try {{ {BODY} }} finally {{ sh 'notify' }}", {"abort": AGENT})
    assert end["done"] == ["notify"]
    assert not end["killed"]


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
    assert "[mfaGate] Not approved: the receipt is signed with key k1, which this library does not know." in said(end)
    assert end["done"] == []
