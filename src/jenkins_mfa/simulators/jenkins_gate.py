"""The gate step `mfaGate`, written in Python: asks, waits, verifies, and opens or ends the build.

It does and says what the library for Pipelines does and says; both are held to the same vectors.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from jenkins_mfa.core import receipt, request
from jenkins_mfa.simulators import jenkins_arguments as arguments
from jenkins_mfa.simulators.jenkins_gate_words import (
    announcement,
    behind,
    outcome,
    spaced,
    summary,
    told_of_receipt,
    unanswered,
    visible,
)
from jenkins_mfa.simulators.jenkins_input import REJECTION, TIMEOUT, FlowInterruptedError
from jenkins_mfa.simulators.jenkins_model import Parameter

if TYPE_CHECKING:
    from jenkins_mfa.simulators.jenkins_pipeline import Build

_GRACE = 600  #: seconds that the build waits beyond the gate's own deadline: the agent ends the gate, not Jenkins
_OWN = "mfa: "  #: begins our line of the description


@dataclass(frozen=True, slots=True)
class Trust:
    """What the library pins: kid → algorithm and public key, the issuer, this controller's source and agent.

    `max_seconds` bounds every wait; `bare` says what ends a form without a body.
    """

    keys: receipt.Keys
    issuer: str
    source: str
    agent: str = "mfa-agent"
    max_seconds: int = 3600
    bare: Literal["throw", "kill"] = "throw"


def run_gate(build: Build, trust: Trust, args: Mapping[str, Any], body: Callable[[], Any] | None) -> Any:
    """Return what the body returns, or without one the receipt's facts. Raises FlowInterruptedError."""
    gate = _Gate(build, trust, bare=body is None)
    verified, token = gate.passed(args)
    if body is None:
        return {
            "gate": verified.jti,
            "confirm": "required" if verified.approvers else "none",
            "approvers": [{"id": a.id, "factor": a.factor, "at": a.at} for a in verified.approvers],
            "rules": list(verified.rules),
            "audit": {"seq": verified.audit_seq, "head": verified.audit_head},
            "expires": verified.exp,
            "receipt": token,
        }
    with build.with_env({"MFA_RECEIPT": token}):
        return body()


@dataclass(frozen=True, slots=True)
class _Gate:
    build: Build
    trust: Trust
    bare: bool

    def passed(self, args: Mapping[str, Any]) -> tuple[receipt.Receipt, str]:
        text = self._request(args)
        asked = request.parse(text)
        nonce = f"Mfa-{secrets.token_hex(16)}"
        answering = min(asked.ttl or self.trust.max_seconds, self.trust.max_seconds)
        waiting = answering + _GRACE
        self._say(*announcement(asked, answering, waiting, in_node="node" in self.build.blocks))
        self._describe("waiting for approval in Slack")
        ends = self.build.controller.now() + waiting
        try:
            with self.build.timeout(waiting):
                answer = self._ask(text, asked, nonce)
        except FlowInterruptedError as event:
            own = self.build.controller.now() >= ends
            self._end(event, *self._told(event, unanswered(answering, waiting) if own else ""))
        verified, token = self._verified(answer, asked, nonce, request.digest(text))
        self._say(told_of_receipt(verified), *behind(verified, self.trust.keys), "Going on.")
        # Unless the agent was quicker: it knows people's names.
        if not self._own().startswith(("approved", "passed")):
            self._describe(outcome(verified))
        return verified, token

    def _request(self, args: Mapping[str, Any]) -> str:
        build = self.build
        faults = arguments.faults(args)
        if self.bare and {"catchError", "warnError"}.intersection(build.blocks):
            faults.insert(
                0,
                "without a body it does not open inside catchError or warnError, which would go on after a "
                "denial: give it a body, or move it outside.",
            )
        text = ""
        if not faults:
            if args.get("watchEnv"):
                build.step("getContext")  # the values
                build.step("getContext")  # which of them are secret
            fields = arguments.fields(
                args,
                build.env,
                kids=list(self.trust.keys)[:4],
                at=int(build.controller.now()),
                number=f"{secrets.randbelow(1_000_000):06}",
                run={"pipeline": build.job.full_name, "id": str(build.number)},
            )
            faults = arguments.faults_of_request(fields)
            text = "" if faults else request.build_text(fields)
        if faults:
            self._end(None, "mfaGate cannot ask: " + " ".join(faults))
        return text

    def _ask(self, text: str, asked: request.Request, nonce: str) -> Any:
        return self.build.input(
            f"Waiting for approval in Slack: {summary(asked)}. If Slack asks for a number: {spaced(asked)}."
            " Proceed on this page does not pass the gate, it ends the build.",
            nonce,
            ok="Not here: confirm in Slack",
            submitter=self.trust.agent,
            submitter_parameter="submitter",
            parameters=(
                Parameter(
                    "MFA_REQUEST",
                    "Text",
                    text,
                    "What the approvers are asked. For reading; a change here is refused.",
                ),
                Parameter("MFA_RECEIPT", "String", "", "Filled in by jenkins-mfa. Leave empty."),
            ),
        )

    def _verified(self, answer: Any, asked: request.Request, nonce: str, digest: str) -> tuple[receipt.Receipt, str]:
        build = self.build
        try:
            verified = judge(
                answer,
                agent=self.trust.agent,
                keys=self.trust.keys,
                issuer=self.trust.issuer,
                source=self.trust.source,
                pipeline=build.job.full_name,
                run_id=str(build.number),
                nonce=nonce,
                request_sha256=digest,
                now=int(build.controller.now()),
                factor=asked.factor,
                quorum=asked.quorum,
            )
        except receipt.RefusedReceipt as error:
            ran = "" if self.bare else "The body did not run. "
            self._end(None, f"Not approved: {error}.", f"{ran}Tell security: {self._show()}")
        if verified is None:
            who = submitted(answer)[0] or "somebody"
            only = "but only a receipt of jenkins-mfa counts. Confirm in Slack next time."
            self._end(None, f"Not approved: {who} pressed Proceed, {only}")
        return verified, submitted(answer)[1]

    def _end(self, event: FlowInterruptedError | None, *why: str) -> NoReturn:
        """End the build. The result comes first: whatever the pipeline catches, it cannot become better."""
        self.build.set_result("ABORTED")
        line = self._own()
        if line and not line.startswith(("denied", "expired")):
            self._describe("ended: not approved")
        hard = self.bare and self.trust.bare == "kill"
        told = "ended now." if hard else "marked ABORTED, whatever the Pipeline catches."
        self._say(*why, f"This build is {told}")
        if hard:
            self.build.kill()
            self.build.check()
        raise FlowInterruptedError("ABORTED", event.causes if event else [])

    def _told(self, event: FlowInterruptedError, late: str) -> list[str]:
        kind = event.causes[0]["_class"] if event.causes else ""
        if kind == REJECTION:
            return self._told_of_rejection(event.user or "somebody")
        if kind == TIMEOUT:
            return [late or "A timeout around this step ended the wait."]
        if event.user:
            return [f"The build was stopped by {event.user}."]
        return ["Jenkins ended the wait before an answer came."]

    def _told_of_rejection(self, user: str) -> list[str]:
        if user != self.trust.agent:
            return [f"Aborted in Jenkins by {user}."]
        line = self._own()
        if not line or line.startswith(("waiting", "ended")):
            why = f"Who and why: the Slack message, or: {self._show()}"
            return [f"Not approved: jenkins-mfa aborted this step. {why}"]
        said = f'Not approved. jenkins-mfa wrote (not verified): "{visible(line, 500)}"'
        return [said, "Start a new build to ask again."]

    def _show(self) -> str:
        return f'jenkins-mfa show --run "{self.build.job.full_name}" {self.build.number}'

    def _say(self, *lines: str) -> None:
        self.build.step("echo")
        self.build.write(*(f"[mfaGate] {line}" for line in lines))

    def _own(self) -> str:
        lines = (self.build.description or "").split("\n")
        return next((line.removeprefix(_OWN) for line in lines if line.startswith(_OWN)), "")

    def _describe(self, text: str) -> None:
        """Replace our own line of the description; the author's lines stay."""
        lines = [line for line in (self.build.description or "").split("\n") if line and not line.startswith(_OWN)]
        own = _OWN + text.replace("<", "‹").replace(">", "›")
        self.build.description = "\n".join([*lines, own])


def judge(answer: Any, *, agent: str, **expected: Any) -> receipt.Receipt | None:
    """The receipt in what the input returned, None where there is none; `expected` goes to receipt.verify.

    Raises RefusedReceipt, also for a receipt that another account than the agent's has brought.
    """
    submitter, token = submitted(answer)
    if not token:
        return None
    if submitter != agent:
        raise receipt.RefusedReceipt("submitter", f"came through {submitter}, not {agent}")
    return receipt.verify(token, **expected)


def submitted(answer: Any) -> tuple[str, str]:
    """Who submitted the input and the receipt in it; empty where there is none."""
    given = answer if isinstance(answer, Mapping) else {"submitter": answer}
    values = (given.get("submitter"), given.get("MFA_RECEIPT"))
    submitter, token = (value if isinstance(value, str) else "" for value in values)
    return submitter, token
