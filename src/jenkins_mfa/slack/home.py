"""App Home: a person's own page, as blocks. Pure.

Its buttons are those of the gate's message, and open the same forms: no answer counts before its reader was shown what
it confirms. Slack takes 100 blocks; the most that stand there are two for each gate (core/home.py), and ten more.
"""

from __future__ import annotations

from jenkins_mfa.core.home import Home
from jenkins_mfa.core.model import Factor, Gate, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.slack.blocks import plain, rich_text
from jenkins_mfa.slack.limits import Json, check_view
from jenkins_mfa.words import forms, render
from jenkins_mfa.words import home as words
from jenkins_mfa.words.parts import Parts

ME = "home_me"  #: action id of the button below the authenticators


def view(home: Home, roster: Roster) -> Json:
    """The page of one person of the roster."""
    blocks = [
        _header("waiting", words.waiting(home)),
        *(block for gate, factor in home.waiting for block in _asks(gate, words.asks(gate, factor, roster), factor)),
        *_lines("more", [words.more(home.more)] if home.more else []),
        *_lines("others", [words.others(home)]),
        *([_header("decided", words.DECIDED)] if home.decided else []),
        *(block for gate in home.decided for block in _decided(gate, words.decided(gate, home.person))),
        _header("authenticators", words.AUTHENTICATORS),
        *_lines("enrolled", words.authenticators(home, roster)),
        _buttons("manage", [_button(ME, words.ME, "me", words.ME)]),
        *_lines("footer", [words.footer(home)]),
    ]
    return _home(blocks)


def _asks(gate: Gate, lines: list[Parts], factor: Factor) -> list[Json]:
    asked = frozenset({factor})
    approve = _button("gate_approve", forms.approve(asked), gate.jti, forms.approve_label(gate, asked), "primary")
    deny = _button("gate_deny", forms.DENY, gate.jti, forms.deny_label(gate), "danger")
    return [*_lines(f"asks.{gate.jti}", lines), _buttons(f"answer.{gate.jti}", [approve, deny])]


def _decided(gate: Gate, lines: list[Parts]) -> list[Json]:
    """With the way back while there is one."""
    found = _lines(f"decided.{gate.jti}", lines)
    if gate.denial is None and gate.state in {State.PENDING, State.APPROVED}:
        button = _button("gate_retract", forms.RETRACT, gate.jti, forms.retract_label(gate))
        found.append(_buttons(f"back.{gate.jti}", [button]))
    return found


def says(line: Parts) -> Json:
    """The page of somebody who is told nothing but why."""
    return _home(_lines("says", [line]))


def _home(blocks: list[Json]) -> Json:
    found: Json = {"type": "home", "callback_id": "home", "blocks": blocks}
    check_view(found)
    return found


def _header(block_id: str, text: str) -> Json:
    return {"type": "header", "block_id": block_id, "text": plain(text)}


def _lines(block_id: str, lines: list[Parts]) -> list[Json]:
    kept = [line for line in lines if line]
    return [rich_text(block_id, render.rich(kept, bold=len(kept) > 1))] if kept else []


def _buttons(block_id: str, buttons: list[Json]) -> Json:
    return {"type": "actions", "block_id": block_id, "elements": buttons}


def _button(action: str, text: str, value: str, label: str, style: str = "") -> Json:
    found = {"type": "button", "action_id": action, "text": plain(text), "value": value, "accessibility_label": label}
    return found | ({"style": style} if style else {})
