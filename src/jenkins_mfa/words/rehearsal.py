"""What `check --live` says: its steps as they happen, what they have proved, and what they have not."""

from __future__ import annotations

from jenkins_mfa.core.model import Gate, State, Trouble
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import asking, delivery, denials, endings, people
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, say

MESSAGE = "A test of jenkins-mfa. No build waits for it, and what you answer lets nothing pass."
PIPELINE = "jenkins-mfa test"  #: as whose gate the policy is asked, unless a job is named
NO_AGENT = "no agent runs: nobody would ask, and nobody would take the answer"
STOPPED = "Stopped. The test was ended, and nobody is asked any more."


def begun(gate: Gate, roster: Roster) -> Parts:
    """The gate is open: whom the policy asks, and until when."""
    build = people.build(gate.run)
    if gate.denial is not None:
        return say("{build} was denied at once: {why}", build=build, why=denials.why(gate.denial, roster))
    if gate.requirement is not None and gate.requirement.passes_by:
        return say("{build} is open; nobody is asked: {why}", build=build, why=asking.passed(gate.requirement))
    asks, until = people.opens(gate, roster), Time(gate.deadline, clock=True)
    if not asks:
        return say("{build} is open, and everybody has confirmed who is needed", build=build)
    return say("{build} is open: needs {asks} until {until}", build=build, asks=asks, until=until)


def looking(job: str) -> Parts:
    """A build of this job is wanted."""
    return say("looking for a build of {job}: start one in Jenkins", job=Fact(job))


def number(digits: str) -> Parts:
    """What a build would show for number matching."""
    return say("if Slack asks for a number: {digits}", digits=Word(f"{digits[:3]} {digits[3:]}"))


def shown(messages: int) -> Parts:
    """Slack has it."""
    return say("Slack shows it in {n} {places}", n=messages, places=Word("place" if messages == 1 else "places"))


def confirmed(gate: Gate, roster: Roster, position: int) -> Parts:
    """One more confirmation counts."""
    return say("{who} confirmed, and it counts", who=people.confirmed(roster, gate.confirmations[position]))


def undelivered(trouble: Trouble) -> Parts:
    """The answer does not arrive."""
    return say("the answer is not taken: {why}", why=delivery.why_not(trouble.reason))


def stood(gate: Gate, roster: Roster) -> Parts:
    """Where it stands now."""
    match gate.state:
        case State.APPROVED:
            return say("every confirmation is there")
        case State.SENDING:
            return say("a receipt was signed, and is on its way")
        case State.RESUMED if gate.run.test:
            return say("the receipt was verified as the library does: right")
        case State.RESUMED:
            return say("the build took the answer")
        case State.DENIED | State.ABORTED if gate.denial is not None and gate.denial.person:
            return say("{who} denied it", who=people.person(roster, gate.denial.person))
        case State.DENIED | State.ABORTED if gate.denial is not None:
            return say("denied by jenkins-mfa: {why}", why=denials.why(gate.denial, roster))
        case State.EXPIRED | State.ABORTED:
            return say("nobody answered in time")
        case State.WITHDRAWN if gate.ending is not None:
            return say("the build ended before: {how}", how=endings.how(gate.ending.code, gate.ending.by))
    return say("it is {state}", state=Word(gate.state.value))


def build_ended(result: str) -> Parts:
    """How the build ended after it went on; empty while it runs."""
    return say("the build ended: {result}", result=Fact(result)) if result else say("the build goes on")


def proved(gate: Gate, messages: int) -> list[str]:
    """What a gate that was let go on has proved, thing by thing."""
    given = sorted({people.GAVE[one.factor] for one in gate.confirmations})
    found = ["the policy answers, and a gate was stored"]
    found += ["Slack takes messages of the agent"] if messages else []
    if given:
        found.append(f"the agent takes answers ({', '.join(given)}), and counts them by the policy")
    found.append("it signs a receipt")
    if gate.run.test:
        return [*found, "the checks that the library makes take that receipt"]
    return [*found, "Jenkins takes the agent's answer, and the build goes on at mfaGate"]


def unproved(gate: Gate) -> list[str]:
    """What it has not."""
    if not gate.run.test:
        return ["other jobs: their rights, folders and libraries may differ"]
    found = [
        "that a build pauses at mfaGate, that its library knows the keys, that Jenkins takes the answer: --job NAME"
    ]
    return found if gate.confirmations else ["people and factors: the policy asks nobody for this", *found]
