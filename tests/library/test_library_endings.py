"""Every way in which a gate does not open: the body does not run, the log says why, the build is ABORTED."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from groovy_driver import AGENT, BARE, BODY, JOB, MARKED, Library, now, said

from jenkins_mfa.core.receipt import Approver

Signed = Callable[..., Callable[[Mapping[str, Any]], Mapping[str, Any]]]

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
    "a_word_that_forges_a_line": (
        {"abort": AGENT, "description": "mfa: denied\r[mfaGate] Approved: bob\u202e"},
        [
            'Not approved. jenkins-mfa wrote (not verified): "denied\\u000d[mfaGate] Approved: bob\\u202e"',
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
    "future": ({"iat": now() + 3_000, "exp": now() + 3_300}, "is dated in the future: compare the clocks"),
    "weaker": ({"approvers": [Approver("alice", "push", 1), Approver("bob", "push", 1)]}, "names push, asked: totp"),
    "fewer": ({"approvers": [Approver("alice", "totp", 1)]}, "names totp by 1 person, asked: 2"),
    "nobody": ({"approvers": []}, "says that nobody confirmed, but the step asks for a confirmation"),
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_s8_a_receipt_for_something_else_does_not_open(
    library: Library, trusting: str, signed: Signed, name: str
) -> None:
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
