"""The console: titles, labels and hints. Sentences about gates, people and reasons are those of Slack."""

from __future__ import annotations

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Parts, Time, say

DOOR_TITLE = "Sign in to the console"
DOOR_TEXT = "What waits, what was, and who can answer: for people of the roster."
SLACK = "Sign in with Slack"
KEY = "Sign in with a passkey"
KEY_TEXT = "Also while Slack is down: with the security key or passkey that you have enrolled here."
OVER_TEXT = "This sign-in has ended: it is open for ten minutes, in the browser that began it. Begin again."
SIGN_OUT = "Sign out"

#: Why somebody is not let in, or what they send is not taken, by the code of the refusal.
REFUSALS = {
    "sign_in_refused": "Not signed in: Slack did not vouch for you here. Begin again.",
    "visit_over": "Nothing changed: you are signed out by now. Sign in again.",
    "no_tap": "Not counted: a tap here is one of your Slack account, and you have not signed in with it.",
    "more_asked": "Not counted: more is asked of you by now. Open this page anew.",
}
STRANGER = "You are not in the roster under this account. Ask ops to add it."
SILENT = "Slack gives no answer now. Sign in with a passkey, or try again in a minute."
LATER = "Not possible yet: too much came from here in a short time. Try again in a minute."
STOPPED = "Not signed in: that was stopped at Slack. Nothing changed."

#: The same in the trail: what its person did.
REFUSED = {
    "sign_in_refused": "came from Slack with an answer that proves nothing",
    "visit_over": "sent something after they had signed out",
    "no_tap": "tapped on the console without having signed in with Slack",
    "more_asked": "tapped where more than a tap was asked by then",
}

#: How somebody signed in, by the trail's word for it.
WAYS = {"messenger": "with Slack", "proxy": "by the word of the proxy", "key": "with a key"}

PAGES = "Pages of the console"
WAITING = "Waiting"
HISTORY = "History"

ALL = "Everything that waits"
MINE = "Only what waits for you"
LIVE = "Keep this list up to date"
YOURS = "You can answer this."
BEFORE = "Page before"
AFTER = "Next page"

APPROVE_CODE = "Approve with the code"
APPROVE_NUMBER = "Approve with the number"
DENY_CODE = "Deny with the code"
CODE_HINT = "6 digits. A code works once, for this answer only."
NUMBER_HINT = "6 digits, at the paused step and in the log. Read it there yourself. If somebody tells it to you, deny."
NOTHING_TO_PROVE = (
    "This takes a code or a key, and you have none here. Enrol one, or sign in with Slack where a tap is enough."
)

PEOPLE = "People"
POLICY = "Policy"
REPORT = "Report"
HEALTH = "Health"
LESS = "Since when, and when they were used: administrators see that of all, others of themselves."
RULES = "Rules in force"
CHANGES = "Loaded lately"
DIFFERENCE = "Last difference, rule by rule"
NO_DIFFERENCE = "No rule is another one than before."
WAS = "Before"
IS = "Now"
NO_CHANGES = "Not among the newest events of the trail: jenkins-mfa audit search --outcome policy:loaded"
FILE = "The file, as it was read"
OTHER_FILE = "Another file stands there by now, and is not in force: jenkins-mfa policy check"
AGENTS = "Agents"
SOURCES = "Sources"
DELIVERIES = "Deliveries"
TRAIL = "Trail"
DAMAGED = "Damaged records"
SILENCE = "Nothing is heard of it."

NEEDS = "What it needs"
WHY = "Why: the rules, one by one"
HAPPENED = "What happened"
NOTHING = "The trail has nothing about it any more; its copies may have."
UNREAD = "What the trail holds about it cannot be read. Ops can look with: jenkins-mfa audit verify"

PERSON = "Person"
ANYBODY = "Anybody"
OUTCOME = "What happened"
ANYTHING = "Anything"
JOB = "Job, * for any letters"
GATE = "Gate's id begins with"
SINCE = "From this day on (UTC)"
UNTIL = "To this day (UTC)"
SEARCH = "Search"
OLDER = "Older"
NONE = "Nothing was found."
FURTHER = "Nothing was found among the newest of these events. Older looks further back."
UNFIT_DAY = "A day is written like 2026-11-30."
#: What can be looked for, by the trail's words for it.
OUTCOMES = {
    "gate:opened": "Opened",
    "gate:confirmed": "Confirmed",
    "gate:approved": "Approved",
    "gate:denied": "Denied",
    "gate:resumed": "Build went on",
    "gate:expired": "Expired",
    "gate:withdrawn": "Withdrawn",
    "gate:bypassed": "Bypassed",
    "gate:missing": "Gate missing",
    "gate:broke_glass": "Break-glass",
    "answer:refused": "Answer not counted",
    "authenticator:enrolled": "Authenticator enrolled",
    "session:begun": "Signed in",
    "policy:loaded": "Policy loaded",
}


def waiting(count: int, *, mine: bool) -> str:
    """The heading: how many builds wait, for anybody or for whoever looks."""
    whom = " for you" if mine else ""
    if not count:
        return f"Nothing waits{whom}"
    return f"1 build waits{whom}" if count == 1 else f"{count:,} builds wait{whom}"


def stands(what: Parts, started: Parts, age: str, left: str) -> Parts:
    """Where a gate stands, who started its build, how long it has waited and may wait."""
    return say(f"{{what}}. Started by {{who}} {age} ago; {left} left.", what=what, who=started or say("nobody named"))


def event(at: int, what: Parts) -> Parts:
    """One event of the trail with its moment."""
    return say("{at}: {what}", at=Time(at), what=what)


def damaged_event(seq: int) -> Parts:
    """An event that no agent has written so."""
    return say("Event {seq} of the trail cannot be read. Ops can look with: jenkins-mfa audit verify", seq=seq)


def unfit_job(problem: str) -> str:
    """A pattern that can match nothing."""
    return f"This pattern of a job {problem}. Use names with * for any letters, such as payments/*."


def signed_in(roster: Roster, person: str, until: int) -> Parts:
    """Who is there, until when."""
    return say("{who}, until {until}", who=people.person(roster, person), until=Time(until))


def days(number: int) -> str:
    """How far a report looks back."""
    return f"{number} days"


def counted(at: int) -> Parts:
    """Of which moment a report is."""
    return say("Counted at {at}; all of it, with tables: jenkins-mfa report", at=Time(at))
