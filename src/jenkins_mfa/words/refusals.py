"""Why an answer was not counted, by the code of its refusal: one sentence or two, with who else can help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jenkins_mfa.core.model import Gate
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import (
    acts,
    answers,
    console,
    denials,
    endings,
    enrolment,
    glass,
    holding,
    keys,
    own,
    people,
    state,
    tickets,
)
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, duration, join, say, sentences


@dataclass(frozen=True, slots=True)
class _Case:
    """What the sentence for a refusal may draw on. `gate` is None where it is not known, `me` a roster id or ""."""

    values: Mapping[str, str]
    gate: Gate | None
    roster: Roster
    now: int
    me: str

    @property
    def helpers(self) -> list[str]:
        """Who else can answer."""
        return people.others(self.gate, self.roster, self.me) if self.gate else []

    def names(self, last: str = "and") -> Parts:
        """Their names."""
        return people.names(self.roster, self.helpers, last=last)


def refusal(code: str, values: Mapping[str, str], gate: Gate | None, roster: Roster, now: int, me: str = "") -> Parts:
    """The sentence for a refusal's code. Total: an unknown code gets a sentence, too."""
    case = _Case(values, gate, roster, now, me)
    return _SENTENCES.get(code, _anything_else)(case)


def _left(case: _Case) -> Parts:
    left = case.values.get("left", "")
    if not left.isdigit():
        return ()
    return say("1 try left, then a wait.") if left == "1" else say("{n} tries left.", n=int(left))


def _number_wrong(case: _Case) -> Parts:
    left = case.values.get("left", "")
    tries = say("1 try left.") if left == "1" else say("{left} tries left.", left=(Word(left),))
    return sentences([say("That is not the number of this build."), tries])


def _wrong(sentence: str) -> Callable[[_Case], Parts]:
    return lambda case: sentences([say(sentence), _left(case)])


def _plain(sentence: str) -> Callable[[_Case], Parts]:
    return lambda _: say(sentence)


def _throttled(case: _Case) -> Parts:
    until = _number(case.values.get("wait_until", ""))
    wait = duration(until - case.now)
    deny = " Deny works at any time." if case.gate else ""
    return say(
        f"Too many answers did not match. Next try in {wait}, at {{at}}.{deny}",
        at=Time(until, clock=True),
    )


def _no_tries(case: _Case) -> Parts:
    wait = duration(max(0, _number(case.values.get("wait_until", "")) - case.now))
    again = "Approve" if case.gate else "begin"
    if wait == "0 s":
        return say(f"No tries left in this form. Tap Back, then {again} again.")
    return say(f"No tries left in this form. Tap Back, wait {wait}, then {again} again.")


def _challenge_over(case: _Case) -> Parts:
    return say(f"This form has ended. Tap Back, then {'Approve' if case.gate else 'begin'} again.")


def _no_number_tries(case: _Case) -> Parts:
    first = say("No tries left for this gate.")
    if not case.helpers:
        return sentences([first, say("Nobody else can answer now; Deny works at any time.")])
    return say("{first} Others can still answer: {names}.", first=first, names=case.names())


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _disabled(case: _Case) -> Parts:
    return say(
        "Your codes are switched off after 50 misses. An administrator lets them count again: {command}",
        command=(Word(f"/mfa unlock {case.me or 'NAME'}"),),
    )


def _no_authenticator(case: _Case) -> Parts:
    pages = bool(case.values.get("pages"))
    first = say(
        f"This {'gate needs' if case.gate else 'takes'} a code, and you have no authenticator yet. An administrator "
        f"{'gives you a one-time address' if pages else 'enrols you'}: {{command}}",
        command=enrolment.way(case.me or "NAME", pages=pages),
    )
    if case.gate is None:
        return first
    if not case.helpers:
        return sentences([first, say("Nobody else can answer now.")])
    return say("{first} Meanwhile: {names} can answer.", first=say("{first}.", first=first), names=case.names())


def _no_key(case: _Case) -> Parts:
    first = say(
        "This gate needs a security key, and you have none yet. An administrator gives you an address to enrol one: "
        "{command}",
        command=enrolment.way(case.me or "NAME", pages=True),
    )
    if not case.helpers:
        return sentences([first, say("Nobody else can answer now.")])
    return say("{first}. Meanwhile: {names} can answer.", first=first, names=case.names())


def _damaged(case: _Case) -> Parts:
    first = say("Your authenticator cannot be used. Ask ops.")
    return sentences([first, say("{names} can answer instead.", names=case.names())]) if case.helpers else first


def _not_eligible(case: _Case) -> Parts:
    clauses = case.gate.requirement.clauses if case.gate and case.gate.requirement else ()
    if not clauses:
        return say("Not counted: this gate does not ask you.")
    groups = join([people.group(clause, case.roster) for clause in clauses], last=" and ")
    first = say("Not counted: this gate asks people of {groups}, and you are not one.", groups=groups)
    return sentences([first, say("{names} can answer.", names=case.names())]) if case.helpers else first


def _requester(case: _Case) -> Parts:
    first = say("Not counted: you started this build, so others decide.")
    return sentences([first, say("{names} can.", names=case.names())]) if case.helpers else first


def _author(case: _Case) -> Parts:
    first = say("Not counted: you wrote a commit in this build, so others decide.")
    return sentences([first, say("{names} can.", names=case.names())]) if case.helpers else first


def _not_needed(case: _Case) -> Parts:
    still = people.opens(case.gate, case.roster) if case.gate else ()
    if not still:
        return say("Not counted: nobody more is needed now.")
    return say("Not counted: what is still open does not ask you. Still open: {still}.", still=still)


def _not_in_roster(case: _Case) -> Parts:
    account, team = Fact(case.values.get("account", "")), case.values.get("team", "")
    where = say("{account} of team {team}", account=account, team=Fact(team)) if team else (account,)
    return say("Not counted: this Slack account is not in the roster. Ask ops to add {where}.", where=where)


def _confirmed_before(case: _Case) -> Parts:
    at = _number(case.values.get("at", ""))
    first = say("You have confirmed this already, at {at}.", at=Time(at, clock=True))
    still = people.opens(case.gate, case.roster) if case.gate else ()
    return sentences([first, say("Still open: {still}; it must be another person.", still=still)]) if still else first


def _held(case: _Case) -> Parts:
    held = case.gate.held if case.gate else None
    return holding.refused(held, case.roster) if held else _anything_else(case)


def _not_apart(case: _Case) -> Parts:
    who = people.person(case.roster, case.values.get("person", ""))
    first = say("Not counted: one of you two has just set up the other's authenticator, and {who} confirmed.", who=who)
    return sentences([first, say("{names} can answer.", names=case.names())]) if case.helpers else first


def _approved(case: _Case) -> Parts:
    if case.gate is None:
        return say("Already approved.")
    who = people.names(case.roster, [one.person for one in case.gate.confirmations])
    first = say("Already approved by {who}", who=who)
    if case.gate.ending is not None and case.gate.state.settled:
        return say("{first}; the build went on at {at}.", first=first, at=Time(case.gate.ending.at, clock=True))
    return say("{first}; Jenkins gets the answer now.", first=first)


def _sending(case: _Case) -> Parts:
    if case.gate is None or case.gate.claim is None:
        return _approved(case)
    at = Time(case.gate.claim.iat * 1000, clock=True)
    number = people.number(case.gate.run)
    return say(
        "Too late: the answer is on its way to Jenkins since {at}. Abort the build there: {number}.",
        at=at,
        number=number,
    )


def _denied(case: _Case) -> Parts:
    denial = case.gate.denial if case.gate else None
    if denial is None:
        return _expired(case)
    at = Time(denial.at, clock=True)
    if denial.person is None:
        return say(
            "Already decided: denied by jenkins-mfa at {at}: {why}.", at=at, why=denials.why(denial, case.roster)
        )
    return say("Already decided: denied by {who} at {at}.", who=people.person(case.roster, denial.person), at=at)


def _expired(case: _Case) -> Parts:
    if case.gate is None:
        return say("Not counted: the time has ended. A new build asks again.")
    return say("Not counted: the time ended at {at}. A new build asks again.", at=Time(case.gate.deadline, clock=True))


def _ended(case: _Case) -> Parts:
    if case.gate is None:
        return _anything_else(case)
    return sentences([say("Not counted."), *endings.ending(case.gate)])


def _anything_else(case: _Case) -> Parts:
    if case.gate is None:
        return say("Not counted. Nothing changed.")
    stands = state.lines(case.gate, case.roster, 0, people.MOST)
    first = stands[0].shown if stands else say(state.word(case.gate))
    return say("Not counted. It stands so now: {first}", first=first)


_SENTENCES: dict[str, Callable[[_Case], Parts]] = {
    "code_malformed": _plain("Use 6 digits, 0 to 9. Spaces and dashes are fine."),
    "code_wrong": _wrong("That code does not match."),
    "code_used": _wrong("That code was used already. Wait for the next one, at most 30 seconds."),
    "code_clock": _wrong("That code fits another time. Set the phone's clock to automatic."),
    "number_malformed": _plain("Use 6 digits, 0 to 9. Spaces and dashes are fine."),
    "number_wrong": _number_wrong,
    "no_number_tries": _no_number_tries,
    "challenge_over": _challenge_over,
    "no_tries": _no_tries,
    "throttled": _throttled,
    "disabled": _disabled,
    "no_authenticator": _no_authenticator,
    "no_key_yet": _no_key,
    "authenticator_waits": _plain(enrolment.UNCONFIRMED),
    "authenticator_damaged": _damaged,
    "locked_out": _plain(enrolment.LOCKED_OUT),
    "not_eligible": _not_eligible,
    "author": _author,
    "not_needed": _not_needed,
    "requester": _requester,
    "requester_deny": _plain("To stop your own build, abort it in Jenkins."),
    "not_in_roster": _not_in_roster,
    "inactive_account": lambda _: answers.outsiders(),
    "other_workspace": lambda _: answers.outsiders(),
    "confirmed_before": _confirmed_before,
    "not_confirmed": _plain("There is no confirmation of yours to take back."),
    "retracted": _plain("Not counted: you have taken this answer back. To confirm again, tap Approve."),
    "not_apart": _not_apart,
    "held": _held,
    "deadline": _expired,
    "seal_broken": _plain("Not counted: what is stored about this build is not what jenkins-mfa wrote. Ask ops."),
    "rolled_back": _plain(
        "Not counted: the store of jenkins-mfa seems to be an older copy of itself. Ops have to look at it first."
    ),
    "approved": _approved,
    "sending": _sending,
    "resumed": _approved,
    "denied": _denied,
    "aborted": _denied,
    "expired": _expired,
    "withdrawn": _ended,
    "bypassed": _ended,
    "no_glass": _plain("Not recorded: the policy has no break-glass rule for this build."),
    "broken_before": _plain("The break-glass rule applies to this build already. Approve it on its message."),
    "not_glass": _plain("Not recorded: the break-glass rule does not name you, and only those whom it names begin it."),
    "glass_refused": lambda case: glass.unmet(case.values, case.roster),
    "glass_unshown": _plain("Not recorded: with this reason the message cannot be shown whole. Shorten it."),
    "no_review": _plain("No review of this build is open."),
    "not_over": _plain("Not recorded: this build is not over yet. Review it when it has its answer."),
    "took_part": _plain("Not recorded: you started this build, broke the glass or confirmed. A third person reviews."),
    "not_reviewer": _plain("Not recorded: the policy does not name you for this review."),
    "reviews_damaged": _plain("Not recorded: the list of open reviews is not what jenkins-mfa wrote. Ops are told."),
    **{code: _plain(sentence) for code, sentence in acts.REFUSALS.items()},
    "key_alone": lambda case: acts.key_alone(case.values),
    "no_invitations": lambda case: acts.no_invitations(case.values),
    "key_unfit": lambda case: say(keys.unfit(case.values.get("problem", ""))),
    "key_refused": lambda case: say(keys.refused(case.values.get("problem", ""))),
    **{
        code: _plain(sentence)
        for code, sentence in (tickets.REFUSALS | keys.REFUSALS | own.REFUSALS | console.REFUSALS).items()
    },
    "stale": _plain("This button belongs to an older message. The current state is shown there now."),
    "unknown_gate": _plain("jenkins-mfa does not know this button. Nothing changed."),
}

#: All codes that have a sentence of their own.
CODES = frozenset(_SENTENCES)
