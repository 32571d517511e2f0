"""Forms: a code for a gate or an act, a number, the reason of a denial, what stands in for one that has ended. Pure.

`private_metadata` carries what the submission is about, and where its private answer goes; never who submits (S14).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from jenkins_mfa.core.model import Act, Gate
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.slack.blocks import plain, rich_text, says
from jenkins_mfa.slack.limits import Json, check_view
from jenkins_mfa.words import acts, answers, compared, forms, render, state
from jenkins_mfa.words.parts import Parts

#: In place of a channel, where a form was opened on its reader's own page (App Home). No channel has this id.
HOME = "HOME"

_ABOUT = re.compile(
    r"(?:(g_[0-9a-f]{32}\.[0-9]{1,9})|([a-z]{1,20}):([A-Za-z0-9_.~%-]{1,2000}))"
    r" (c_[0-9A-Za-z]{1,64}|-) ([A-Z0-9]{1,32})"
)


@dataclass(frozen=True, slots=True)
class About:
    """What a form is about: the gate's jti, the challenge (empty for a denial), the channel it was opened from.

    What an administrator does has an `act`, and no jti.
    """

    jti: str
    challenge: str
    channel: str
    act: Act | None = None

    def __str__(self) -> str:
        what = f"{self.act.name}:{quote(self.act.target, safe='')}" if self.act else self.jti
        return f"{what} {self.challenge or '-'} {self.channel}"


def read_about(text: object) -> About:
    """The way back. Raises UntrustedInputError for anything that we did not write."""
    found = _ABOUT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise UntrustedInputError("a form's private_metadata is not ours")
    jti, name, target, challenge, channel = found.groups()
    act = Act(name, unquote(target)) if name else None
    return About(jti or "", "" if challenge == "-" else challenge, channel, act)


def code(gate: Gate, about: About, expires: int) -> Json:
    """The form that takes a code."""
    blocks = [*_approved(gate, about, expires), _digits("code", forms.CODE_LABEL, forms.CODE_HINT)]
    return _view("gate_totp", forms.CODE_TITLE, forms.CONFIRM, blocks, about)


def number(gate: Gate, about: About, expires: int) -> Json:
    """The form that takes the number which the run shows. The form itself does not have it."""
    blocks = [*_approved(gate, about, expires), _digits("number", forms.NUMBER_LABEL, forms.NUMBER_HINT)]
    return _view("gate_number", forms.NUMBER_TITLE, forms.CONFIRM, blocks, about)


def _approved(gate: Gate, about: About, expires: int) -> list[Json]:
    """What a form that approves repeats: build, environment, the pipeline's words; so look-alikes can be told apart."""
    blocks = [rich_text(f"about.{about.challenge}", render.rich(forms.about(gate, expires)))]
    if gate.claims is not None:
        blocks.append(says(f"says.{about.challenge}", compared.box(gate)))
    return blocks


def act(asked: Sequence[Parts], about: About) -> Json:
    """The form that takes an administrator's code for one act, which `asked` names."""
    blocks = [rich_text(f"about.{about.challenge}", render.rich(asked)), _digits("code", forms.CODE_LABEL, acts.HINT)]
    return _view("act_totp", acts.TITLE, acts.SUBMIT, blocks, about)


def _digits(name: str, label: str, hint: str) -> Json:
    """A field for six digits, with a space or a dash or two between them."""
    element: Json = {"type": "plain_text_input", "action_id": name, "focus_on_load": True}
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "hint": plain(hint),
        "element": element | {"min_length": 6, "max_length": 8},
    }


def tap(gate: Gate, about: About) -> Json:
    """The form that shows what a tap confirms, where only a command was typed."""
    shown = [rich_text(f"about.t_{state.short(gate)}", render.rich(forms.about(gate)))]
    if gate.claims is not None:
        shown.append(says(f"says.t_{state.short(gate)}", compared.box(gate)))
    return _view("gate_tap", forms.TAP_TITLE, forms.CONFIRM, shown, about)


def reason(gate: Gate, roster: Roster, about: About) -> Json:
    """The form that asks why a build is denied."""
    element: Json = {"type": "plain_text_input", "action_id": "reason", "multiline": False, "focus_on_load": True}
    option = {
        "value": "report",
        "text": plain(forms.REPORT_OPTION),
        "description": plain(forms.REPORT_HINT),
    }
    blocks: list[Json] = [
        rich_text(f"about.r_{state.short(gate)}", render.rich(forms.about(gate))),
        {
            "type": "input",
            "block_id": "reason",
            "label": plain(forms.REASON_LABEL),
            "hint": plain(forms.reason_hint(gate, roster, "its channel" if about.channel == HOME else "this channel")),
            "element": element | {"min_length": answers.REASON_LEAST, "max_length": answers.REASON_MOST},
        },
        {
            "type": "input",
            "block_id": "report",
            "optional": True,
            "label": plain(forms.REPORT_LABEL),
            "element": {"type": "checkboxes", "action_id": "report", "options": [option]},
        },
    ]
    return _view("gate_reason", forms.DENY_TITLE, forms.DENY, blocks, about)


def ended(lines: Sequence[Parts]) -> Json:
    """What stands in a form's place when it can no longer be sent."""
    blocks = [rich_text("ended", render.rich(lines, bold=False))]
    return {
        "type": "modal",
        "callback_id": "gate_ended",
        "title": plain(forms.ENDED_TITLE),
        "close": plain(forms.CLOSE),
        "blocks": blocks,
    }


def said(blocks: Sequence[Json]) -> Json:
    """A private answer to what was done on one's own page, where no message stands below which it could be given."""
    return {
        "type": "modal",
        "callback_id": "said",
        "title": plain(forms.SAID_TITLE),
        "close": plain(forms.CLOSE),
        "blocks": list(blocks),
    }


def _view(callback: str, title: str, submit: str, blocks: list[Json], about: About) -> Json:
    view: Json = {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": str(about),
        "title": plain(title),
        "submit": plain(submit),
        "close": plain(forms.BACK),
        "blocks": blocks,
    }
    check_view(view)
    return view


def typed(view: Mapping[str, Any], block: str) -> str:
    """What stands in a text field, without spaces at its ends. Raises UntrustedInputError for another shape."""
    field = _field(view, block)
    value = field.get("value") or ""
    if not isinstance(value, str) or len(value) > 1_000:
        raise UntrustedInputError(f"the field {block} holds no text of a fitting length")
    return " ".join(value.split())


def ticked(view: Mapping[str, Any], block: str, value: str) -> bool:
    """Whether a box is ticked. Raises UntrustedInputError for another shape."""
    chosen = _field(view, block).get("selected_options") or []
    if not isinstance(chosen, list):
        raise UntrustedInputError(f"the field {block} holds no boxes")
    return any(isinstance(option, dict) and option.get("value") == value for option in chosen)


def _field(view: Mapping[str, Any], block: str) -> dict[str, Any]:
    try:
        field = view["state"]["values"][block][block]
    except (KeyError, TypeError):
        field = None
    if not isinstance(field, dict):
        raise UntrustedInputError(f"the field {block} is missing")
    return field
