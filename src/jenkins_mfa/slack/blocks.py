"""State → Block Kit: pure. All content is rich_text, which Slack does not parse; plain_text never makes emoji.

Payloads are built from a gate as stored; block ids are new at each version (`{part}.{short id}.{version}`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Factor, Gate, State, Trouble
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.slack.limits import MAX_BLOCKS_BYTES, Json, size
from jenkins_mfa.words import alerts, enrolment, facts, forms, page, render, state
from jenkins_mfa.words.parts import Parts, say

LINK = "open_page"  #: action id of a button that only opens an address
FACTS_BYTES = 3_600  #: of compact JSON for the rows of facts; state and box have the rest
FACTS_LEAST = 2_600  #: the same beside a box that is full of old values
_ANSWERABLE = {State.PENDING, State.APPROVED}


@dataclass(frozen=True, slots=True)
class Payload:
    """What one message carries: blocks for the eye, `text` for the ear and for notifications."""

    text: str
    blocks: list[Json]


def message(
    gate: Gate,
    roster: Roster,
    users: render.Users,
    others: int = 0,
    trouble: Trouble | None = None,
    *,
    buttons: bool = True,
) -> Payload:
    """A gate's message. Names are counted where they do not fit; a gate that may be asked shows all else whole."""
    blocks: list[Json] = []
    for most, room in (*((most, FACTS_BYTES) for most in page.STEPS), (page.STEPS[-1], FACTS_LEAST)):
        blocks = _blocks(gate, page.page(gate, roster, others, most, trouble), users, room, buttons=buttons)
        if size(blocks) <= MAX_BLOCKS_BYTES:
            break
    return Payload(page.text(gate, roster, others, trouble), blocks)


def _blocks(gate: Gate, shown: page.Page, users: render.Users, room: int, *, buttons: bool) -> list[Json]:
    def named(part: str) -> str:
        return f"{part}.{state.short(gate)}.{gate.version}"

    kept, rest = facts.fitting(shown.facts, room, lambda row: size(render.rich([row.shown])))
    lines = [say(facts.FROM_SOURCE), *(row.shown for row in kept), *([rest] if rest else [])]
    found: list[Json] = [
        {"type": "header", "block_id": named("head"), "text": plain(render.terminal(shown.header))},
        rich_text(named("state"), render.rich([line.shown for line in shown.state], users)),
        rich_text(named("facts"), render.rich(lines)),
    ]
    if shown.box:
        found.append(says(named("says"), shown.box))
    answerable = buttons and gate.held is None and gate.state in _ANSWERABLE
    if answerable and gate.requirement is not None and gate.requirement.people:
        found.append({"type": "actions", "block_id": named("answer"), "elements": _buttons(gate)})
    return found


def _buttons(gate: Gate) -> list[Json]:
    """Approve while confirmations are missing, Deny until the answer is on its way."""
    deny = {
        "type": "button",
        "action_id": "gate_deny",
        "text": plain(forms.DENY),
        "value": gate.jti,
        "style": "danger",
        "accessibility_label": forms.deny_label(gate),
    }
    if gate.state is not State.PENDING or gate.requirement is None:
        return [deny]
    asked = quorum.asked_of_all(gate.requirement, gate.confirmations)
    approve: Json = {
        "type": "button",
        "action_id": "gate_approve",
        "text": plain(forms.approve(asked)),
        "value": gate.jti,
        "style": "primary",
        "accessibility_label": forms.approve_label(gate, asked),
    }
    if Factor.PUSH in asked:
        approve["confirm"] = {
            "title": plain(forms.confirm_title(gate)),
            "text": plain(forms.confirm_text(gate, asked)),
            "confirm": plain(forms.CONFIRM),
            "deny": plain(forms.BACK),
        }
    return [approve, deny]


def says(block_id: str, box: Sequence[str]) -> Json:
    """The pipeline's own words: a heading of ours, then a box that nothing of ours follows."""
    heading = render.rich([say(facts.SAYS)])
    inside = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "\n".join(box)}]}
    return rich_text(block_id, [*heading, inside])


def note(lines: Sequence[Parts], users: render.Users, block_id: str = "note") -> Payload:
    """A short message: thread replies, private answers, alerts."""
    return Payload(
        "\n".join(render.text(line, users) for line in lines),
        [rich_text(block_id, render.rich(lines, users, bold=False))],
    )


def taken_back(answer: Parts, gate: Gate) -> Payload:
    """The private answer to a confirmation, with the button that takes it back while that is possible."""
    said = note([answer], {}, "answer")
    if gate.state not in _ANSWERABLE:
        return said
    button = {"type": "button", "action_id": "gate_retract", "text": plain(forms.RETRACT), "value": gate.jti}
    return Payload(said.text, [*said.blocks, {"type": "actions", "block_id": "retract", "elements": [button]}])


def private(answer: Parts | Payload) -> Payload:
    """A private answer."""
    return answer if isinstance(answer, Payload) else note([answer], {}, "answer")


def with_link(lines: Sequence[Parts], label: str, address: str) -> Payload:
    """A private answer with a button that opens an address. `text` leaves it out: it is shown in notifications."""
    button = {"type": "button", "action_id": LINK, "text": plain(label), "url": address, "style": "primary"}
    said = note(lines, {}, "answer")
    return Payload(said.text, [*said.blocks, {"type": "actions", "block_id": "link", "elements": [button]}])


def asks_enrolment(lines: Sequence[Parts], ticket_id: str) -> Payload:
    """The question whether it is them who enrols, with its two answers."""
    answers = (("enroll_yes", enrolment.YES, "primary"), ("enroll_no", enrolment.NO, "danger"))
    buttons = [
        {
            "type": "button",
            "action_id": action,
            "text": plain(text),
            "value": ticket_id,
            "style": style,
            "accessibility_label": f"{text}: {enrolment.LABEL}",
        }
        for action, text, style in answers
    ]
    asked = note(lines, {}, "enrol")
    return Payload(asked.text, [*asked.blocks, {"type": "actions", "block_id": "enrol.answer", "elements": buttons}])


def minimal(gate: Gate) -> Payload:
    """What is shown where Slack refused the whole; without buttons, since what is not shown cannot be approved."""
    return note([alerts.minimal(gate)], {}, f"state.{state.short(gate)}.{gate.version}")


def rich_text(block_id: str, elements: list[Json]) -> Json:
    """A rich_text block."""
    return {"type": "rich_text", "block_id": block_id, "elements": elements}


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text, "emoji": False}
