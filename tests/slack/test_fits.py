"""What may be asked always fits, and foreign text never leaves its chip or box (S20, T7)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from samples import ROSTER, STATES, TEAM, TROUBLES, gate, requirement

from jenkins_mfa.core import characters
from jenkins_mfa.core.model import (
    Alert,
    Author,
    Change,
    Claims,
    Clause,
    Confirmation,
    Denial,
    Ending,
    Factor,
    Facts,
    Gate,
    Held,
    History,
    Library,
    Parameter,
    Reason,
    Requirement,
    Revision,
    Run,
    Starter,
    State,
    Tightening,
    Trigger,
)
from jenkins_mfa.core.policy import Person, Roster
from jenkins_mfa.simulators.slack_rules import block_problems, view_problems
from jenkins_mfa.slack import blocks, views
from jenkins_mfa.slack.limits import check_message, size
from jenkins_mfa.usecases.opening_commit import ALARMING
from jenkins_mfa.words import alerts, commands, facts, page, render
from jenkins_mfa.words.parts import Fact, Quote, say

MAX_SHOWN = 2_200
PAIR, UNSET, LABELS, SUBJECT = 6, 12, 36, 12  #: contract: room beside names and values

#: Anything, and often what could end, hide, reverse or imitate.
foreign = st.text(max_size=300) | st.text(st.sampled_from('“”\\"`*_<>&@!#|:{}\n\r\t \u202e\u200b\u0301ab'), max_size=60)


def filled(character: str, room: int, most: int) -> str:
    """`character` repeated as often as fits into `room` of what is shown, at most `most` times."""
    return character * max(0, min(most, room // characters.shown(character)))


def worst_claims(character: str, pairs: int) -> Claims:
    """A request that takes all the room there is: 2,200 shown, in values of at most 200 characters."""
    left = MAX_SHOWN - LABELS - SUBJECT - 71 - 2 - pairs * (PAIR + 3)
    message = filled(character, left, 300)
    left -= characters.shown(message)
    subject = filled(character, left, 200)
    left -= characters.shown(subject)
    values = []
    for _ in range(pairs):
        value = filled(character, left, 200)
        left -= characters.shown(value)
        values.append(value)
    details = tuple((f"d{n:02}", value) for n, value in enumerate(values[:20]))
    variables = tuple((f"v{n:02}", value) for n, value in enumerate(values[20:]))
    return Claims("e", "a", message, subject, "sha256:" + "f" * 64, details, variables)


def worst_history(claims: Claims, character: str, hidden: int, *, compared: bool = True) -> tuple[Claims, History]:
    """Everything has changed: old values take all the room that they had when they were new; `hidden` variables of the
    claims look like secrets (their names are longer by what their values lose).
    """
    left = MAX_SHOWN - LABELS
    changes = []
    for name, _ in claims.variables:
        left -= PAIR + len(name)
        was = filled(character, left, 200)
        left -= characters.shown(was)
        changes.append(Change(name, "variable", True, was, "x"))
    masked = tuple(name for name, _ in claims.variables[:hidden])
    changes = [replace(c, was=None, now=None, hidden=True) if c.name in masked else c for c in changes]
    changes += [Change(f"{'N' * 62}{n:02}", "variable", True, sent=False) for n in range(15)]
    was = filled(character, 2_000, 200)
    changes += [Change(f"PARAMETER_{n}", "parameter", True, was, "x") for n in range(20)]
    variables = claims.variables[hidden:]
    return replace(claims, variables=variables, hidden=masked), History(1, compared=compared, changes=tuple(changes))


def worst_people(character: str, count: int) -> Roster:
    """People whose names take all the room that names may take."""
    people = [
        Person(f"p{n:02}", filled(character, 400, 38) + f"{n:02}", ("release",), {f"slack:{TEAM}": f"U{n:010}"})
        for n in range(count)
    ]
    return Roster({one.id: one for one in people})


def people_of(roster: Roster) -> str:
    """Somebody with the longest name."""
    return max(roster.people)


def worst_freeze(rule: str) -> Reason:
    """A rule that asks because of a freeze with the longest reason that a calendar may have."""
    freeze = {"freeze": "f" * 40 + rule, "reason": "ß" * 200, "until": "2026-01-06T00:00:00Z"}
    return Reason("rule", {"rule": rule}, children=(Reason("outside", freeze),))


def worst_gate(
    state: State, character: str, pairs: int, roster: Roster, reason: str, hidden: int = 0, *, compared: bool = True
) -> Gate:
    people = tuple(sorted(roster.people))
    clauses = tuple(Clause(f"rule-{n}", Factor.TOTP, 5, people, people[: 5 * n + 1]) for n in range(1, 4))
    rules = tuple(f"rule-{'r' * 40}-{n}" for n in range(6))
    reasons = Reason("requirement", children=tuple(map(worst_freeze, rules)))
    asked = Requirement(clauses, 1200, (), rules, "ab" * 32, ("e1", "e2"), reasons=reasons)
    confirmations = tuple(Confirmation(one, Factor.TOTP, 1_764_000_000_000, "v", "c") for one in people[:10])
    parameters = tuple(Parameter(f"PARAMETER_{n}", filled(character, 2_000, 200)) for n in range(20))
    about = Facts(
        run=gate().run,
        starters=tuple(Starter(Trigger.PERSON, one, one) for one in people[:2]),
        revisions=(Revision("https://git.example.com/app.git", "main", "f" * 40),),
        commits=50,
        authors=tuple(Author(filled(character, 2_000, 100) + str(n)) for n in range(30)),
        since="16",
        parameters=parameters,
    )
    claims, history = worst_history(worst_claims(character, pairs), character, hidden, compared=compared)
    return gate(
        state,
        facts=about,
        history=history,
        requirement=asked,
        claims=claims,
        confirmations=confirmations,
        denial=Denial(1_764_000_000_000, people[0], reason, "c") if state in {State.DENIED, State.ABORTED} else None,
        ending=Ending("aborted", 1_764_000_000_000, filled(character, 300, 100)),
        generation=2,
        assurance="detected",
    )


@given(
    state=st.sampled_from(State),
    character=st.sampled_from(["a", "&", "<", '"', "\\", "ß", "中", "😀"]),
    pairs=st.integers(0, 40),
    people=st.integers(1, 25),
    hidden=st.integers(0, 20),
    compared=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_the_largest_request_fits_in_every_state(
    state: State, character: str, pairs: int, people: int, hidden: int, compared: bool
) -> None:
    """Blocks, their sum, `text`: within Slack's limits whatever the alphabet, the number of values, of people."""
    roster = worst_people(character, people)
    reason = filled(character, 300, 250)
    shown = worst_gate(state, character, pairs, roster, reason, hidden, compared=compared)
    users = {one.id: one.identities[f"slack:{TEAM}"] for one in roster.people.values()}
    payload = blocks.message(shown, roster, users, others=3)
    check_message(payload.text, payload.blocks)
    assert block_problems(payload.blocks) == []
    why = Held("reported", 1_764_000_000_000, people_of(roster), people_of(roster))
    held = blocks.message(replace(shown, held=why), roster, users, others=3)
    check_message(held.text, held.blocks)
    claims = shown.claims
    assert claims is not None
    box = payload.blocks[3]["elements"][1]["elements"][0]["text"]
    for change in shown.history.changes if compared else ():
        assert not (change.kind == "variable" and change.was) or f"{change.name} was: {change.was}" in box
    for value in (claims.message, claims.subject_name, *dict(claims.details).values()):
        assert value in box
        assert render.escape(value) in payload.text


@pytest.mark.parametrize("character", ["a", "<", "中"])
@pytest.mark.parametrize("times", [1, 5, 40])
def test_what_comes_on_top_never_makes_a_message_too_long(character: str, times: int) -> None:
    """A gate that was just small enough stays answerable when a freeze or a new policy raises what it asks: the lines
    about it are counted where there is no room, and its buttons stay.
    """
    roster = worst_people(character, 25)
    full = worst_gate(State.PENDING, character, 20, roster, "")
    assert full.requirement is not None
    clauses = full.requirement.clauses
    more = tuple(Tightening(1_764_000_000_000, (c.rule,), (c,)) for c in (clauses * times)[:times])
    late = replace(full, requirement=replace(full.requirement, tightened=more))
    users = {one.id: one.identities[f"slack:{TEAM}"] for one in roster.people.values()}
    payload = blocks.message(late, roster, users, others=3)
    check_message(payload.text, payload.blocks)
    assert payload.blocks[-1]["type"] == "actions"


@given(st.sampled_from(["a", "&", "中", "😀"]), st.integers(0, 40))
@settings(max_examples=30, deadline=None)
def test_forms_hold_the_largest_request(character: str, pairs: int) -> None:
    """The code form repeats all of it; both forms are what Slack takes."""
    roster = worst_people(character, 25)
    shown = worst_gate(State.PENDING, character, pairs, roster, "")
    about = views.About(shown.jti, "c_0123456789abcdef", "C01DEPLOYS")
    assert view_problems(views.code(shown, about, shown.deadline)) == []
    assert view_problems(views.number(shown, about, shown.deadline)) == []
    assert view_problems(views.reason(shown, roster, about)) == []


def texts(elements: Any) -> list[dict[str, Any]]:
    """All elements of a rich_text block that carry text."""
    if isinstance(elements, list):
        return [found for element in elements for found in texts(element)]
    inner = texts(elements.get("elements", []))
    return [elements, *inner] if "text" in elements and isinstance(elements["text"], str) else inner


MARK = "Approved, resumed: nobody has to do anything"  # what a forger would like to say in our voice


@given(foreign, foreign, foreign)
@settings(max_examples=150, deadline=None)
def test_foreign_text_stays_in_its_chip(job: str, branch: str, value: str) -> None:
    """Whatever stands in a source's records, only chips hold it: no plain word, link, mention or date does."""
    assume(all(text.strip() for text in (job, branch, value)))
    run = Run("main", "jenkins", job + MARK, "17", 1, "https://jenkins.example.com/")
    about = Facts(run, revisions=(Revision("r", branch + MARK, MARK),), parameters=(Parameter(value + MARK, MARK),))
    payload = blocks.message(gate(run=run, facts=about), ROSTER, {})
    for block in payload.blocks:
        if block["type"] == "rich_text" and not block["block_id"].startswith("says"):
            for element in texts(block["elements"]):
                assert MARK not in element["text"] or element["style"] == {"code": True}
                assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", element["text"])
    assert "<!" not in re.sub(r"<!date\^\d+\^\{date_short_pretty\} at \{time\}\|[^>|]*>", "", payload.text)
    assert "<@" not in payload.text


@given(foreign)
def test_foreign_text_cannot_end_its_quotation(text: str) -> None:
    """In text, terminal and log, the closing sign that ends a foreign value is ours."""
    for part in (Fact(text), Quote(text)):
        for found in (render.terminal((part,)), render.text((part,)), render.log((part,))):
            if text:
                assert found.startswith("“")
                assert found.endswith("”")
                assert not {"“", "”", "\n", "\r"} & set(found[1:-1])
    escaped = render.text((Fact(text),))
    assert "<" not in escaped
    assert ">" not in escaped


@given(st.text(alphabet=st.sampled_from("*_~`:<>@!#|&ab "), max_size=60))
def test_markup_is_shown_as_it_was_written(text: str) -> None:
    """Markup, mentions and emoji names are text: rich text is not parsed, and `text` is escaped."""
    (section,) = render.rich([say("{fact}", fact=Fact(text))])
    shown = section["elements"][0]
    assert shown["type"] == "text"
    assert shown["text"] == (text or render.EMPTY)


@given(st.lists(foreign, min_size=1, max_size=60), st.booleans())
@settings(deadline=None)
def test_long_lists_of_facts_are_counted_not_cut(values: list[str], hidden: bool) -> None:
    """Facts that do not fit are counted; each one that is shown is shown whole or by its length and digest."""
    parameters = tuple(Parameter(f"P{n}", None if hidden else value) for n, value in enumerate(values))
    rows = facts.rows(Facts(gate().run, parameters=parameters), ROSTER)
    kept, rest = facts.fitting(rows, facts.ROOM, lambda row: row.size)
    assert len(kept) == len(rows) or rest
    text = page.text(gate(facts=Facts(gate().run, parameters=parameters)), ROSTER)
    assert len(text.encode(errors="replace")) <= page.TEXT


@given(st.lists(st.sampled_from(sorted(STATES)), min_size=0, max_size=45), st.integers(1, 6), foreign)
@settings(max_examples=60, deadline=None)
def test_a_page_of_what_waits_fits(chosen: list[str], number: int, job: str) -> None:
    """Ten gates a page, whole lines, within the limits, whatever the jobs are called."""
    run = replace(gate().run, pipeline=job * 3)
    gates = [replace(STATES[name], id=f"g_{n:032x}", run=run) for n, name in enumerate(chosen)]
    troubles = {gate.id: TROUBLES[name] for gate, name in zip(gates, chosen, strict=True) if name in TROUBLES}
    lines = commands.pending(gates, number, ROSTER, gate().opened_at, "alice", troubles, lambda _: ("alice", "bob"))
    payload = blocks.note(lines, {}, "answer")
    check_message(payload.text, payload.blocks)
    assert block_problems(payload.blocks) == []


def test_a_fact_over_two_hundred_characters_can_be_compared() -> None:
    """Its length and SHA-256 stand for it (contract)."""
    text = render.terminal(facts.chip("x" * 4_812))
    assert re.fullmatch(r"4,812 characters, SHA-256 [0-9a-f]{64}", text)


def test_letters_outside_a_to_z_are_pointed_out() -> None:
    """A job named with look-alike letters is marked behind its chip."""
    assert render.terminal(facts.chip("dеploy")) == "“dеploy” (contains letters outside a-z)"


def test_a_repository_s_login_is_not_shown() -> None:
    """An address with a password in it loses it (no secret reaches a message)."""
    revisions = tuple(Revision(f"https://ci:hunter2@git.example.com/{n}.git", "main", "f" * 40) for n in "ab")
    text = page.text(gate(facts=Facts(gate().run, revisions=revisions)), ROSTER)
    assert "hunter2" not in text
    assert "https://git.example.com/a.git" in text


def test_a_commit_on_a_branch_named_as_a_library_s_version_says_of_what_it_is() -> None:
    """It may be the library's: without its repository it would pass for the commit that is built."""
    library = Library("jenkins-mfa", "main", trusted=True, variables=())
    known = Facts(gate().run, revisions=(Revision("https://git.example.com/lib.git", "main", "f" * 40),))
    assert "https://git.example.com/lib.git" not in page.text(gate(facts=known), ROSTER)
    assert "https://git.example.com/lib.git" in page.text(gate(facts=replace(known, libraries=(library,))), ROSTER)


def test_a_rich_real_request_takes_a_third_of_the_room() -> None:
    """The measure that the limits were made with."""
    payload = blocks.message(STATES["one confirmed"], ROSTER, {}, others=1)
    assert size(payload.blocks) < 4_000
    assert json.loads(json.dumps(payload.blocks)) == payload.blocks
    assert requirement().total == 2


def test_a_gate_of_many_conditions_and_confirmations_still_fits() -> None:
    """Where names of those who confirmed have no room, too, they are counted."""
    roster = worst_people("ß", 25)
    full = worst_gate(State.PENDING, "ß", 40, roster, "", compared=True)
    users = {one.id: one.identities[f"slack:{TEAM}"] for one in roster.people.values()}
    payload = blocks.message(full, roster, users, others=3)
    check_message(payload.text, payload.blocks)
    assert re.search(r"Confirmed: .*?[0-9]+ (more )?people\n", render_of(payload))


def render_of(payload: blocks.Payload) -> str:
    """What the state block says."""
    return "".join(found["text"] for found in texts(payload.blocks[1]["elements"]))


@pytest.mark.parametrize("code", sorted(ALARMING))
@pytest.mark.parametrize("character", ["x", "&", "\u202e", "字", "\U0001f600"])
def test_an_alert_about_a_denial_can_be_sent_whoever_named_what_started_the_build(code: str, character: str) -> None:
    """T7: upstream jobs have names of any length, and a build has many of them; ops would not read what happened."""
    behind = tuple(Starter(Trigger.UPSTREAM, character * 255, None, character * 2000) for _ in range(10))
    asked = gate(State.DENIED)
    denied = replace(asked, denial=Denial(0, None, code, "open:x"), facts=replace(asked.facts, starters=behind))
    payload = blocks.note(alerts.alert(Alert("open:x", code, 0, asked.id), denied, ROSTER), TEAM, "alert")
    check_message(payload.text, payload.blocks)
    assert "7 more causes" in payload.text


def test_an_alert_names_people_before_jobs_and_of_a_job_the_end() -> None:
    """Whom ops ask first, and which build it was."""
    jobs = tuple(Starter(Trigger.UPSTREAM, via=f"{'folder/' * 20}job-{n} #7") for n in range(3))
    asked = gate(State.DENIED)
    behind = replace(asked.facts, starters=(*jobs, Starter(Trigger.PERSON, "dfox", "dan")))
    denied = replace(asked, denial=Denial(0, None, "twin", "open:x"), facts=behind)
    said = render.terminal(alerts.alert(Alert("open:x", "twin", 0, asked.id), denied, ROSTER)[0])
    assert "Started by Dan Fox, by hand, " in said
    assert "job-0 #7" in said
    assert "and 1 more cause." in said
