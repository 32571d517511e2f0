"""A receipt's facts for whoever it is shown to: lines for people, a document for programs. Never the receipt itself."""

from __future__ import annotations

from typing import Any

from jenkins_mfa.core.receipt import Receipt
from jenkins_mfa.words import render
from jenkins_mfa.words.parts import Claim, Fact, Parts, Word, join, say


def lines(found: Receipt) -> list[Parts]:
    """What it proves, a line each. Approvers are roster ids: whoever verifies has no roster."""
    build = say(
        "Right: {job} #{id} of source {source} may go on.",
        job=Fact(found.pipeline),
        id=_id(found),
        source=_w(found.source),
    )
    asked = say(
        "Asked: {action}, {environment}: {message}",
        action=_claim(found, "action"),
        environment=_claim(found, "environment"),
        message=_claim(found, "message"),
    )
    people = join(
        [say("{who} ({factor}, {at})", who=_w(a.id), factor=_w(a.factor), at=_at(a.at)) for a in found.approvers]
    )
    glass = say("It was under a break-glass rule.") if found.break_glass else ()
    return [
        line
        for line in (
            build,
            asked,
            _subject(found),
            say("Confirmed by: {people}. Rules: {rules}.", people=people, rules=_w(", ".join(found.rules))),
            glass,
            say("Valid from {iat} to {exp}.", iat=_at(found.iat), exp=_at(found.exp)),
            say(
                "Receipt {jti}, trail {seq} {head}.",
                jti=_w(found.jti),
                seq=_w(str(found.audit_seq)),
                head=_w(found.audit_head),
            ),
        )
        if line
    ]


def document(found: Receipt) -> dict[str, Any]:
    """The same as JSON; times are ISO 8601 in UTC. `request` is what the pipeline asked, without its number."""
    return {
        "jti": found.jti,
        "source": found.source,
        "pipeline": found.pipeline,
        "run": found.run_id,
        "attempt": found.attempt,
        "request": dict(found.request),
        "request_sha256": found.request_sha256,
        "approvers": [{"id": a.id, "factor": a.factor, "at": render.iso(a.at * 1000)} for a in found.approvers],
        "rules": list(found.rules),
        "policy_sha256": found.policy_sha256,
        "audit": {"seq": found.audit_seq, "head": found.audit_head},
        "break_glass": found.break_glass,
        "issued": render.iso(found.iat * 1000),
        "expires": render.iso(found.exp * 1000),
    }


def _subject(found: Receipt) -> Parts:
    subject = found.request.get("subject")
    if not isinstance(subject, dict):
        return ()
    return say(
        "Subject: {name} {digest}", name=Claim(str(subject.get("name", ""))), digest=_w(str(subject.get("digest", "")))
    )


def _claim(found: Receipt, name: str) -> Claim:
    return Claim(str(found.request.get(name, "")))


def _id(found: Receipt) -> Word:
    return _w(found.run_id)


def _w(text: str) -> Word:
    """A name of ours; what cannot be seen in it is written out."""
    return Word(render.visible(text, quoted=False))


def _at(seconds: int) -> Word:
    return Word(render.iso(seconds * 1000))
