"""A receipt's facts, as lines and as a document, never the receipt itself; why a consumer does not redeem one, and what
ops read of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jenkins_mfa.core.model import Alert, Entry
from jenkins_mfa.core.receipt import Receipt, RefusedReceipt
from jenkins_mfa.words import render
from jenkins_mfa.words.parts import Claim, Fact, Parts, Time, Word, join, say

#: Why a receipt was not redeemed, as the rest of "not taken from a consumer: it …", by the reason of the refusal.
REASONS = {
    "redeemed": "was redeemed before",
    "unknown": "is not one that this agent has sent",
    "not_let_on": "is of a build that did not go on with it",
    "rolled_back": "is from before an older store was taken up, which cannot tell whether it was redeemed",
    "not_guarded": "is for what this consumer does not guard",
    "source": "is for another source",
    "run": "is for another build",
    "environment": "is for another environment",
    "action": "is for another action",
    "unconfirmed": "says that nobody confirmed",
    "expired": "had ended",
    "future": "was dated in the future",
}


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


def why(found: RefusedReceipt) -> str:
    """The reason as a sentence that stands alone; foreign text in it is made visible."""
    text = render.visible(str(found), quoted=False)
    return f"{text[:1].upper()}{text[1:]}."


def refused(code: str, values: Mapping[str, str]) -> Parts:
    """To a consumer: why a receipt is not redeemed, by the code of the refusal."""
    if code == "redeemed" and values.get("by"):
        return say(
            "The receipt was redeemed before, by {by}, {at}. Each counts once.",
            by=Word(values["by"]),
            at=Word(render.iso(int(values["at"]))),
        )
    return say(f"The receipt {REASONS.get(code, 'does not count')}.")


NOT_KNOWN = say("It is not known whether the receipt is redeemed. Ask again with the same token: it counts once.")
TOO_OFTEN = say("Too many requests. Ask again later, with the same token.")


def noted(entry: Entry) -> Parts:
    """What the trail says of one that was presented."""
    who = Word(entry.actor.removeprefix("consumer:"))
    if entry.event == "receipt:redeemed":
        return say("The receipt was redeemed by {who}.", who=who)
    why = REASONS.get(str(entry.details.get("reason", "")), "does not count")
    return say(f"The receipt was not taken from {{who}}: it {why}.", who=who)


def alert(given: Alert) -> Parts:
    """What ops read of one that was presented where or when it does not count."""
    values = given.values
    who = Word(values.get("consumer", ""))
    if given.code == "receipt_twice" and values.get("by"):
        return say(
            "A receipt was presented twice: {by} had redeemed it, {at}; then {who} brought it with another token. It "
            "counted once. Find out who else has it.",
            by=Word(values["by"]),
            at=Time(int(values["at"])),
            who=who,
        )
    if given.code == "receipt_unknown":
        return say(
            "{who} presented a receipt with our signature that this agent has not sent. It was not taken. Somebody may "
            "hold a signing key, or the store is older than the receipt.",
            who=who,
        )
    why = REASONS.get(values.get("reason", ""), "does not count")
    return say(f"{{who}} presented a receipt that {why}. It was not taken. Find out who wanted to use it.", who=who)
