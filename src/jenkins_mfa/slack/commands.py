"""`/mfa`: answered privately, to people of the roster; a code is never taken here. What changes something is done by
glass.py, acts.py and own.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog
from slack_bolt import Ack, App, Respond

from jenkins_mfa.core.model import Entry, Factor, FloodsRecord, Gate, PersonRecord, ReviewsRecord, Trouble
from jenkins_mfa.errors import DamagedError, MessengerError, Refusal, StoreError, UntrustedInputError
from jenkins_mfa.slack import blocks, payloads
from jenkins_mfa.slack.acts import ActForms
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.glass import GlassCommands, waiting
from jenkins_mfa.slack.limits import fits
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.slack.own import OwnCommands
from jenkins_mfa.slack.payloads import Body, Typed
from jenkins_mfa.slack.replies import respond_privately, told_nothing
from jenkins_mfa.usecases import explain, floods, second_admin, trouble
from jenkins_mfa.words import answers, commands, enrolment, holding, state, tree, why
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()

_CODE = re.compile(r"[\d\s-]{6,}")
_BARE = frozenset({"pending", "me"})  #: words after which not everything may follow
_PREFIX = re.compile(r"(?:g_)?([0-9a-f]{4,32})(?:\.[0-9]+)?")


class Reading(Protocol):
    """What `/mfa` reads from the store."""

    def now(self) -> int:
        """The store's clock in ms UTC."""

    def gate(self, gate_id: str) -> Gate | None:
        """A gate by id."""

    def find_gates(self, prefix: str) -> list[str]:
        """Ids of gates whose hexadecimal part begins so, at most ten."""

    def open_gates(self) -> list[Gate]:
        """All gates that are not settled, oldest first."""

    def damaged_gates(self) -> list[DamagedError]:
        """Gates that are not as they were committed."""

    def entries(self, gate_jti: str) -> list[Entry]:
        """The trail's events about one gate, oldest first."""

    def person(self, person: str) -> PersonRecord:
        """A person's record. Raises DamagedError."""

    def reviews(self) -> ReviewsRecord:
        """The reviews that are open."""

    def floods(self) -> FloodsRecord:
        """What waits unasked."""

    def trouble(self, lane: str) -> Trouble | None:
        """Why a lane is not delivered."""

    def beats(self) -> dict[str, dict[str, object]]:
        """All heartbeat records."""


class Typing(Protocol):
    """Answers to gates that are typed in place of tapped (handlers.py); nothing is said where a form opened."""

    def approve_typed(self, gate: Gate, typed: Typed) -> Parts | Payload:
        """Approve."""

    def deny_typed(self, gate: Gate, typed: Typed) -> Parts | Payload:
        """Deny."""

    def retract_typed(self, gate: Gate, typed: Typed) -> Parts | Payload:
        """Take one's own confirmation back."""


@dataclass(frozen=True)
class Commands:
    """The listener of the slash command."""

    reading: Reading
    messenger: SlackMessenger
    glass: GlassCommands
    acts: ActForms
    typing: Typing
    own: OwnCommands

    def register(self, app: App) -> None:
        """Listen."""
        app.command("/mfa")(self.mfa)

    def mfa(self, ack: Ack, body: Body, respond: Respond) -> None:
        """Acknowledge, then answer privately."""
        ack()
        for payload in self._payloads(body):
            respond_privately(respond, payload)

    def _payloads(self, body: Body) -> list[Payload]:
        try:
            typed = payloads.command(body, self.messenger.team)
            why = told_nothing(self.messenger, typed.who)
            person = self.messenger.roster.find(typed.who.issuer, typed.who.subject)
            return [_note([why])] if why or person is None else self._answer(typed, person.id)
        except Refusal:
            return [_note([answers.outsiders()])]
        except UntrustedInputError as error:
            log.warning("a payload was not understood", problem=str(error))
            return [_note([commands.help_text(self.messenger.ops_channel)])]
        except StoreError:
            return [_note([commands.unread()])]
        except MessengerError:
            return [_note([answers.unchecked()])]

    def _answer(self, typed: Typed, me: str) -> list[Payload]:
        text = typed.text
        word, _, rest = text.partition(" ")
        if _CODE.fullmatch(text):
            return [_note([commands.no_codes()])]
        match word.lower():
            case "pending" if rest == "" or re.fullmatch(r"[1-9][0-9]{0,3}", rest):
                found = (self._pending(int(rest or "1"), me), waiting(self.reading), self._to_confirm())
                return [_note(lines) for lines in found if lines]
            case "show":
                return self._one("show", rest.lower(), self._show)
            case "why":
                return self._one("why", rest.lower(), self._why)
            case "approve" | "deny" | "retract":
                return self._type(word.lower(), rest.lower(), typed)
            case "break-glass" | "review":
                return self._act(word.lower(), rest, typed)
            case "release":
                said = self.acts.about_requester(rest, typed)
                return [blocks.private(said)] if said else []
            case "unlock" | "lost" | "invite" | "confirm" if rest or word.lower() != "lost":
                said = self.acts.about_person(word.lower(), rest, typed)
                return [blocks.private(said)] if said else []
            case "me" if not rest:
                return [self.own.show(me)]
            case "lost":
                return [_note([self.own.lose(typed)])]
            case "help" | "":
                return [_note([commands.help_text(self.messenger.ops_channel)])]
        return [_note([commands.unknown(text if word.lower() in _BARE else word)])]

    def _pending(self, page: int, me: str) -> list[Parts]:
        now = self.reading.now()
        gates = self.reading.open_gates()
        troubles = {gate.id: found for gate in gates if (found := trouble.of(self.reading, gate))}
        lines = commands.damaged([one.record for one in self.reading.damaged_gates()])
        if gates or not lines:
            roster, stuck = self.messenger.roster, partial(explain.stuck, self.reading)
            lines += commands.pending(gates, page, roster, now, me, troubles, stuck)
        lines += holding.floods(floods.now_waiting(self.reading))
        fresh = commands.sources(self.reading.beats(), now)
        return [*lines, fresh] if fresh else lines

    def _to_confirm(self) -> list[Parts]:
        """What administrators let people enrol, and no second one has confirmed yet."""
        roster = self.messenger.roster
        found = second_admin.waiting(self.reading, roster.people, self.reading.now())
        return enrolment.to_confirm(found, roster)

    def _act(self, word: str, rest: str, typed: Typed) -> list[Payload]:
        """Break the glass of a gate, or sign the review off."""
        wanted, _, said = payloads.readable(rest).partition(" ")
        if _CODE.fullmatch(said):
            return [_note([commands.no_codes()])]
        act = self.glass.begin if word == "break-glass" else self.glass.review
        return self._one(word, wanted.lower(), lambda gate: [_note([act(gate, typed, said)])])

    def _type(self, word: str, rest: str, typed: Typed) -> list[Payload]:
        """Answer a gate; what is said beside its id is not taken, least of all a code."""
        if _CODE.fullmatch(rest.partition(" ")[2]):
            return [_note([commands.no_codes()])]
        acts = {
            "approve": self.typing.approve_typed,
            "deny": self.typing.deny_typed,
            "retract": self.typing.retract_typed,
        }

        def answer(gate: Gate) -> list[Payload]:
            said = acts[word](gate, typed)
            return [blocks.private(said)] if said else []

        return self._one(word, rest, answer)

    def _one(self, word: str, wanted: str, answer: Callable[[Gate], list[Payload]]) -> list[Payload]:
        """What there is to say about the one gate whose id begins as `wanted`."""
        prefix = _PREFIX.fullmatch(wanted)
        if prefix is None:
            return [_note([commands.no_prefix(word)])]
        found = self.reading.find_gates(prefix[1])
        if len(found) > 1:
            return [_note([commands.ambiguous([one.removeprefix("g_") for one in found])])]
        gate = self.reading.gate(found[0]) if found else None
        return answer(gate) if gate is not None else [_note([commands.none_found(prefix[1])])]

    def _show(self, gate: Gate) -> list[Payload]:
        """The ask without buttons, then its history: two answers, since each must fit whole."""
        roster = self.messenger.roster
        history = commands.history(gate, self.reading.entries(gate.jti), roster)
        failing = trouble.of(self.reading, gate)
        return [blocks.message(gate, roster, {}, trouble=failing, buttons=False), _note(history)]

    def _why(self, gate: Gate) -> list[Payload]:
        """What it asks for and who can answer, then the tree of reasons: two answers, of whole lines."""
        rules = self.messenger.rules.now
        entries, now = self.reading.entries(gate.jti), self.reading.now()
        bare = explain.bare(self.reading, gate)
        reasons, whole = explain.tree(gate, rules.policy, rules.roster)
        keyed = Factor.WEBAUTHN in rules.policy.available
        asked = why.asked(gate, rules.roster, entries, bare, now, pages=keyed)
        pages = (asked, why.because(reasons, whole=whole))
        rest = f"jenkins-mfa policy explain {state.short(gate)}"
        return [_note(tree.fitting(page, _fits, rest)) for page in pages if page]


def _fits(lines: list[Parts]) -> bool:
    payload = _note(lines)
    return fits(payload.text, payload.blocks)


def _note(lines: list[Parts]) -> Payload:
    return blocks.note(lines, {}, "answer")
