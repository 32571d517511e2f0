"""Every state in every renderer, compared with what was read and found right.

To accept new words: read the difference, then run with UPDATE_WORDS=1.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from samples import BOTH, CLAIMS, FACTS, MINUTE, OPENED, ROSTER, STATES, TROUBLES, gate, requirement

from builders import policy, rule
from jenkins_mfa.core import audit
from jenkins_mfa.core.model import (
    Alert,
    Clause,
    Ending,
    Entry,
    Factor,
    Facts,
    History,
    Requirement,
    Starter,
    State,
    Trigger,
)
from jenkins_mfa.core.policy import evaluate
from jenkins_mfa.simulators.slack_text import plain_blocks
from jenkins_mfa.slack import blocks
from jenkins_mfa.words import (
    alerts,
    answers,
    delivery,
    denials,
    endings,
    history,
    page,
    people,
    refusals,
    refused,
    render,
    run_line,
    state,
)
from jenkins_mfa.words.parts import Claim, Everyone, Fact, Link, Person, Quote, Time, Word, duration, listing, say

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "src" / "jenkins_mfa"
USERS = {"alice": "U01ALICE", "bob": "U02BOB", "carol": "U03CAROL"}


def rich(name: str) -> str:
    return plain_blocks(blocks.message(STATES[name], ROSTER, USERS, 0, TROUBLES.get(name)).blocks)


def spoken(name: str) -> str:
    return page.text(STATES[name], ROSTER, 0, TROUBLES.get(name))


def terminal(name: str) -> str:
    shown = page.page(STATES[name], ROSTER, trouble=TROUBLES.get(name))
    lines = [render.terminal(shown.header), *(render.terminal(line.shown) for line in shown.state)]
    return "\n".join([*lines, *(render.terminal(row.shown) for row in shown.facts), *shown.box])


def log(name: str) -> str:
    shown = page.page(STATES[name], ROSTER, trouble=TROUBLES.get(name))
    return "\n".join(render.log(line.shown) for line in shown.state)


@pytest.mark.parametrize("renderer", [rich, spoken, terminal, log])
def test_every_state_reads_as_it_was_read(renderer: object) -> None:
    """A change of words shows in the difference of one file for each renderer."""
    assert callable(renderer)
    found = "\n\n".join(f"=== {name}\n{renderer(name)}" for name in STATES) + "\n"
    kept = HERE / "words" / f"{renderer.__name__}.txt"
    if os.environ.get("UPDATE_WORDS"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(found, encoding="utf-8")
    assert found == kept.read_text(encoding="utf-8")


def test_each_part_has_one_look_for_each_renderer() -> None:
    """The look says who wrote it: words, facts, claims, quotes, people, times, links."""
    parts = (
        Word("a "),
        Fact("f“\n"),
        Claim("c"),
        Quote("q"),
        Person("bob", "Bob Ray", mention=True),
        Time(OPENED),
        Link("https://x/", "#17"),
        Everyone(),
    )
    assert render.terminal(parts) == "a “f\\u201c\\n”“c”“q”Bob RayNov 24, 16:00 UTC#17"
    assert render.log(parts) == "a “f\\u201c\\n”“c”“q”bob2025-11-24T16:00:00.000Zhttps://x/"
    assert render.text((Word("<&>"), *parts[4:], Fact("<!here>")), USERS) == (
        "&lt;&amp;&gt;<@U02BOB><!date^1764000000^{date_short_pretty} at {time}|Nov 24, 16:00 UTC>"
        "#17<!here>“&lt;!here&gt;”"
    )
    kinds = [element["type"] for element in render.rich([parts])]
    assert kinds == ["rich_text_section", "rich_text_quote", "rich_text_section"]


def test_s12_log_lines_stay_lines() -> None:
    """No part can begin a second line in a log (S12)."""
    for part in (Word("a\nb"), Fact("a\nb"), Quote("a\r\nb"), Claim("a\u2028b")):
        assert len(render.log((part,)).splitlines()) == 1


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (-5, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (120 * MINUTE, "2 h"),
        (125 * MINUTE, "2 h 5 min"),
        (49 * 60 * MINUTE, "2 d 1 h"),
    ],
)
def test_lengths_of_time(ms: int, words: str) -> None:
    """Whole units, never more exact than people say it, never negative."""
    assert duration(ms) == words


def test_lists_are_counted_and_never_cut() -> None:
    """Beyond the room that there is, people are counted."""
    items = [say(name) for name in ("A", "B", "C")]
    assert render.terminal(listing(items, 3, "or", "people")) == "A, B or C"
    assert render.terminal(listing(items, 1, "or", "people")) == "A and 2 more people"
    assert render.terminal(listing(items, 0, "or", "people")) == "3 people"


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (Starter(Trigger.PERSON, "dan", "dan"), "Dan Fox, by hand"),
        (Starter(Trigger.SCHEDULE), "a schedule"),
        (Starter(Trigger.SCM), "a push"),
        (Starter(Trigger.UPSTREAM, via="other/job #8"), "“other/job #8”"),
        (Starter(Trigger.PERSON, "dan", "dan", "other/job #8"), "“other/job #8”, started by Dan Fox, by hand"),
        (Starter(Trigger.REPLAY, "dan", "dan", "job #16"), "Dan Fox, replayed “job #16”"),
        (Starter(Trigger.RESTART, "dan", "dan", "job #16"), "Dan Fox, restarted from “job #16”"),
        (Starter(Trigger.PERSON, "jdoe"), "“jdoe” (not in the roster), by hand"),
        (Starter(Trigger.API), "nobody that Jenkins names, through the API"),
        (Starter(Trigger.UNKNOWN), "nobody that Jenkins names"),
    ],
)
def test_how_a_build_was_started(start: Starter, words: str) -> None:
    """Each kind of cause has its words; a stranger stays a fact."""
    assert render.terminal(people.starter(start, ROSTER)) == words


def test_several_clauses_are_a_line_each() -> None:
    """Who still has to answer, group by group, and why one person more."""
    clauses = (
        Clause("security", Factor.TOTP, 1, ("alice",), ("group:security",)),
        Clause("production-two", Factor.TOTP, 2, ("alice", "bob", "carol"), ("group:release", "carol")),
        Clause("unknown requester", Factor.TOTP, 1, ("alice", "bob", "carol"), ("group:release",)),
    )
    several = Requirement(clauses, 1200, (), ("security", "production-two"), "ab" * 32)
    facts = Facts(gate().run, starters=(Starter(Trigger.PERSON, "jdoe"),))
    shown = gate(requirement=several, confirmations=BOTH[:1], facts=facts)
    lines = [render.terminal(line.shown) for line in state.lines(shown, ROSTER, 0, 10)]
    assert lines[:3] == [
        "Done: 1 of security.",
        "Open: 2 of release or Carol Diaz with a code.",
        "One person more, since “jdoe” is not in the roster.",
    ]
    assert "Why: rules security and production-two. More: /mfa why 8f2c." in lines


def test_clauses_that_ask_the_same_are_one() -> None:
    """Two rules that ask one each of the same group need two people, and are said once."""
    same = [Clause(rule, Factor.TOTP, 1, ("alice", "bob", "carol"), ("group:release",)) for rule in ("one", "two")]
    shown = gate(requirement=replace(requirement(), clauses=tuple(same)))
    assert render.terminal(people.opens(shown, ROSTER)) == "2 of release with a code"
    lines = [render.terminal(line.shown) for line in state.lines(shown, ROSTER, 0, 10)]
    assert lines[0] == "Needs 2 of release, each with a code."


@pytest.mark.parametrize("name", audit.Name)
def test_every_event_of_the_trail_has_its_sentence(name: audit.Name) -> None:
    """Whatever its details hold, or if they are missing; and never the event's name."""
    assert set(history.SENTENCES) == set(audit.Name)
    for actor in ("agent", "alice", "slack:T1/U9"):
        for reason in ("", "requester", "no_rule", "bypassed", "token_stolen", "stopped", "of tomorrow"):
            entry = Entry(name, OPENED, actor, "g_1.1", "main", "main:a:1:1", {"reason": reason} if reason else {})
            text = render.terminal(history.sentence(entry, ROSTER))
            assert text[0].isupper() or text[0] == "“"
            assert "{" not in text
            assert str(name) not in text


def test_every_refusal_and_denial_of_the_trail_has_its_words() -> None:
    """The codes that are told to people are told in histories, too; buttons of older messages are in no trail."""
    assert set(refused.REFUSED) >= refusals.CODES - {"stale", "unknown_gate"}
    cases = [
        node.pattern for node in ast.walk(ast.parse(inspect.getsource(denials.why))) if isinstance(node, ast.match_case)
    ]
    codes = {
        case.value.value for case in cases if isinstance(case, ast.MatchValue) and isinstance(case.value, ast.Constant)
    }
    assert codes | set(denials.WHY) == set(denials.DENIED)


def test_why_an_answer_did_not_arrive_has_its_words() -> None:
    """Every code, a status of HTTP, and a code of tomorrow."""
    assert render.terminal(delivery.why("502")) == "Jenkins answers 502"
    for code in (*delivery.REASONS, "a code of tomorrow"):
        assert "{" not in render.terminal(delivery.why_not(code))


def test_a_claimed_environment_that_differs_is_said() -> None:
    """What the Jenkinsfile says stands beside what the policy says, and both apply."""
    claims = replace(gate().claims, environment="staging")  # type: ignore[type-var]
    text = page.text(gate(claims=claims), ROSTER)
    assert "The Jenkinsfile says “staging”; the policy says production. The rules of both apply." in text


def test_the_default_rule_is_called_what_it_is() -> None:
    """Where no rule matches, the message says that the default asks."""
    shown = gate(requirement=replace(requirement(), rules=("default",)))
    assert "Why: no rule matches, so the default applies." in page.text(shown, ROSTER)


def test_why_the_default_applies_although_a_rule_would_let_it_pass() -> None:
    """The rule matches, so nobody is told that none does."""
    rules = policy(rule("free", passes=True), default=rule("default"))
    claims = replace(CLAIMS, factor=Factor.TOTP)
    needs = evaluate(rules, ROSTER, FACTS, claims, History(OPENED))
    text = page.text(gate(claims=claims, requirement=needs), ROSTER)
    assert "Why: the Jenkinsfile itself asks, so rule free does not let it pass, and the default applies." in text


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("code", [*sorted(refusals.CODES), "a code of tomorrow"])
def test_every_refusal_has_a_sentence_in_every_state(code: str, name: str) -> None:
    """No tap is left without words, whatever state the gate is in, or whether it is known at all."""
    for known in (STATES[name], None):
        text = render.terminal(refusals.refusal(code, {}, known, ROSTER, OPENED, "alice"))
        assert text.endswith((".", "alice", "NAME")) or text[-1].isdigit()
        assert "{" not in text


def test_alerts_survive_missing_values() -> None:
    """An alert whose values are missing is still a sentence."""
    for code in (
        "bypassed",
        "token_stolen",
        "proceeded_again",
        "delivery_parked",
        "locked",
        "seal_broken",
        "key_ended",
        "reported",
    ):
        for known in (*STATES.values(), None):
            lines = alerts.alert(Alert("a", code, 0), known, ROSTER)
            assert render.terminal(lines[0])


def test_the_line_on_the_run_s_page_is_one_short_line() -> None:
    """Whatever the state, one line of at most 500 characters."""
    for shown in STATES.values():
        line = run_line.run_line(shown, ROSTER)
        assert line
        assert "\n" not in line
        assert len(line) <= 500


def test_the_line_says_where_it_is_asked() -> None:
    """Who reads the build's page knows where to look; once it is decided, that no longer matters."""
    assert run_line.run_line(gate(), ROSTER, ["deploys", "ops"]) == (
        "waiting for 2 of release with a code until 16:20 UTC, asked in #deploys, #ops"
    )
    assert run_line.run_line(gate(), ROSTER) == "waiting for 2 of release with a code until 16:20 UTC"


def test_counted_answers_say_what_is_open() -> None:
    """The last confirmation says that Jenkins gets the answer."""
    last = render.terminal(answers.counted(gate(confirmations=BOTH), ROSTER, OPENED))
    assert last == "Your confirmation counts: 2 of 2. Jenkins gets the answer now."


def test_sentences_live_in_words_only() -> None:
    """No adapter or use case holds a sentence of its own: what people read is written once."""
    found = []
    for folder in ("slack", "usecases", "core"):
        # What `check` says about its parts is the operator's table, not a message.
        for path in (one for one in (SOURCES / folder).glob("*.py") if one.name != "check.py"):
            found += [f"{path.name}: {text}" for text in spoken_by(path)]
    assert found == []


def spoken_by(path: Path) -> list[str]:
    """String constants of a module that read like a sentence, but for docstrings and what is raised or logged."""
    sentence = re.compile(r"[A-Z][a-z]+(?: [A-Za-z,’'-]+){3,}[.?!]?")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.Expr):
            skipped |= {id(part) for part in ast.walk(node)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in skipped]
    return [str(node.value) for node in constants if sentence.fullmatch(str(node.value))]


def test_nothing_is_sent_as_mrkdwn() -> None:
    """Text that Slack would parse is sent nowhere but in `text`, which is escaped."""
    for path in (SOURCES / "slack").glob("*.py"):
        assert "mrkdwn" not in path.read_text(encoding="utf-8")
    for shown in STATES.values():
        assert "mrkdwn" not in str(blocks.message(shown, ROSTER, USERS).blocks)


def test_words_know_no_adapter() -> None:
    """`words` imports core and itself only."""
    for path in (SOURCES / "words").glob("*.py"):
        imported = re.findall(r"^from jenkins_mfa\.(\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(imported) <= {"core", "usecases", "words", "errors"}


def test_an_input_that_went_away_is_not_called_the_end_of_its_build() -> None:
    """A Pipeline's own timeout ends the step alone, and the build goes on behind it."""
    gone = replace(gate(State.WITHDRAWN), ending=Ending("gone", 0), decided_at=0)
    (said,) = endings.ending(gone)
    assert render.terminal(said) == "The input went away in Jenkins before a decision. The build may still run."
