"""Bad policies, one case each: every report names file, line, place, what was seen and what is allowed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from builders import ROSTER
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.policy_file import read_policy
from jenkins_mfa.toml_table import MAX_BYTES
from policy_texts import ASK, BASE, FIRST, NOW, one, problems, rule


def test_the_base_is_right() -> None:
    """What follows breaks one thing each."""
    assert problems(BASE) == []
    assert problems(rule('when = { environment = "production" }')) == []


WHENS = [
    ("when = {}", "when: it is empty; leave the key out where the rule is for every gate"),
    ("when = { }", "when: it is empty; leave the key out where the rule is for every gate"),
    ("when = 5", "when: seen: 5 (number); allowed: a table"),
    ('when = { pipelin = "a" }', "when pipelin: this key is not known; nearest: pipeline"),
    ("when = { any = [] }", "when any: it is empty; name at least one table of questions"),
    ("when = { all = [] }", "when all: it is empty; name at least one table of questions"),
    ("when = { any = [{}] }", "when any[0]: it is empty, and would hold for everything"),
    ("when = { not = {} }", "when not: it is empty; name at least one question"),
    ("when = { any = { pipeline = 'a' } }", 'when any: seen: {"pipeline": "a"} (table); allowed: a list of tables'),
    ("when = { claims = {} }", "when claims: it is empty"),
    ("when = { parameters = {} }", "when parameters: it is empty"),
    (
        "when = { pipeline = [] }",
        "when pipeline: seen: [] (list); allowed: a text, or a list of texts that is not empty",
    ),
    (
        'when = { pipeline = "" }',
        'when pipeline: seen: "" (text); allowed: a text, or a list of texts that is not empty',
    ),
    ('when = { pipeline = "a[b" }', 'when pipeline: the pattern "a[b" has a [ that is never closed'),
    ("when = { pipeline = 3 }", "when pipeline: seen: 3 (number); allowed: a text, or a list of texts"),
    (
        'when = { environment = "prod" }',
        'when environment: seen: "prod" (there is none of that name); allowed: production',
    ),
    (
        'when = { plain_input = "release-it" }',
        'when plain_input: seen: "release-it" (Jenkins begins each id with a capital); mend: "Release-it"',
    ),
    ('when = { tags = "pcl" }', 'when tags: seen: "pcl" (there is none of that name); allowed: pci'),
    ('when = { source = "other" }', 'when source: seen: "other" (there is none of that name); allowed: main'),
    ('when = { trigger = "hand" }', 'when trigger: seen: "hand" (there is none of that name); allowed: api, person'),
    ('when = { inside = "offic" }', 'when inside: seen: "offic" (no such calendar); allowed: office'),
    ('when = { requesters = ["alcie"] }', 'when requesters: seen: "alcie" (not in the roster)'),
    (
        'when = { requesters = ["group:x"] }',
        'when requesters: seen: "group:x" (nobody is in it); allowed: group:developers',
    ),
    ("when = { requesters = [] }", "when requesters: seen: [] (list); allowed: a list of roster ids and group:NAME"),
    ("when = { replayed = 1 }", "when replayed: seen: 1 (number); allowed: true or false"),
    ('when = { first_run = "job" }', 'when first_run: seen: "job" (text); allowed: one of pipeline, branch'),
    (
        "when = { rate = { more_than = 0, within_minutes = 5 } }",
        "when rate more_than: seen: 0 (number); allowed: a number",
    ),
    ("when = { rate = { more_than = 1 } }", "when rate: within_minutes is missing; allowed: a number from 1 to 10080"),
    ('when = { claims = { branch = "x" } }', "when claims branch: this key is not known; known: environment, action"),
    ('when = { not = { not = { not = { not = { not = { branch = "x" } } } } } }', "are nested deeper than 5"),
]


@pytest.mark.parametrize(("when", "told"), WHENS)
def test_questions(when: str, told: str) -> None:
    """Each on the line of `when`."""
    found = one(rule(when))
    assert found.startswith(f'policy.toml line {FIRST + 2} [[rules]] name = "x" when'), found
    assert told in found


LOOSENING = [
    ('claims = { action = "x" }', "asks about a claim; what lets a gate pass may rest on facts alone"),
    ('changed_paths = "docs/*"', "changed_paths holds as soon as one thing is added"),
    ('trigger = "schedule"', "trigger holds as soon as one thing is added, so it may not let pass; use only_triggers"),
    ('requesters = ["alice"]', "requester holds as soon as one thing is added"),
    ('branch = "main"', "branch may not let pass"),
]


@pytest.mark.parametrize(("question", "told"), LOOSENING)
def test_what_may_not_loosen(question: str, told: str) -> None:
    """Neither a rule that lets pass nor an exemption may ask it."""
    assert told in one(rule(f"when = {{ {question} }}", ask='confirm = "none"\n'))
    exemption = f'[[exemptions]]\nname = "e"\nrules = "default"\nwhen = {{ {question} }}\nreason = "because"\n'
    assert told in one(f"{BASE}{exemption}until = 2030-01-01T00:00:00Z\n")


RULES = [
    ('names = "x"', "names: this key is not known; nearest: name"),
    ("ttl_seconds = 0", "ttl_seconds: seen: 0 (number); allowed: a number from 1 to 86400 (seconds)"),
    ("ttl_seconds = 1.5", "ttl_seconds: seen: 1.5 (number); allowed: a whole number"),
    ("ttl_seconds = nan", "ttl_seconds: seen: NaN (number); allowed: a number"),
    ("ttl_seconds = true", "ttl_seconds: seen: true (true or false); allowed: a number"),
    ('channel = "#deploys"', 'channel: seen: "#deploys" (text); allowed: a channel id such as C0123ABCD'),
    ('mode = "off"', 'mode: seen: "off" (text); allowed: one of enforce, observe'),
    ('confirm = "no"', 'confirm: seen: "no" (text); allowed: one of required, none'),
    ('assurance = "high"', 'assurance: seen: "high" (text); allowed: one of none, detected, verified'),
    ('always = "yes"', 'always: seen: "yes" (text); allowed: true or false'),
    ("remind_after = 1800", "remind_after: 1800 s is not before the end of ttl_seconds (1800 s)"),
    ("escalate_after = 60", "escalate_after: it goes together with escalate_to or escalate_channel"),
    ('escalate_after = 60\nescalate_to = ["zoe"]', 'escalate_to: seen: "zoe" (not in the roster)'),
]


@pytest.mark.parametrize(("more", "told"), RULES)
def test_keys_of_a_rule(more: str, told: str) -> None:
    """Each on its own line."""
    found = one(rule("", more))
    line = FIRST + 4 + more.count("\n")
    assert found.startswith(f'policy.toml line {line} [[rules]] name = "x" {told}'), found


ASKS = [
    ("", "require: nothing is asked"),
    ("require = []", "require: nothing is asked"),
    (
        'require = [{ approvers = ["bob"], factor = "sms" }]',
        'factor: seen: "sms" (text); allowed: one of push, push+number',
    ),
    (
        'require = [{ factor = "push" }]',
        "require[0]: approvers is missing; allowed: a list of roster ids and group:NAME",
    ),
    ('require = [{ factor = "push", approvers = [] }]', "approvers: seen: [] (list); allowed: a list of roster ids"),
    (
        'require = [{ factor = "push", approvers = ["bob"], count = 0 }]',
        "count: seen: 0 (number); allowed: a number from 1",
    ),
    (
        'require = [{ factor = "push", approvers = ["bob"], count = 2 }]',
        "count: 2 people are needed, 1 person may approve",
    ),
    (
        'require = [{ factor = "push", approvers = ["bob"], counts = 2 }]',
        "counts: this key is not known; nearest: count",
    ),
    ('require = { factor = "push", approvers = ["bob"] }', "(table); allowed: a list of tables"),
]


@pytest.mark.parametrize(("ask", "told"), ASKS)
def test_clauses(ask: str, told: str) -> None:
    """Nothing asked for would be nothing needed."""
    found = one(rule("", ask=ask))
    assert found.startswith("policy.toml line ")
    assert told in found


WHOLE = [
    ("version = 2", "version = 1", 1, "version: seen: 2 (number); allowed: 1"),
    ("versio = 1", "version = 1", 1, "versio: this key is not known; nearest: version, which is missing"),
    ("[defaults]", "[default]", 3, "defaults: this key is not known; nearest: default, which is missing"),
    ('zone = "Europe/Berlim"', 'zone = "Europe/Berlin"', 7, "nearest: Europe/Berlin"),
    ('zone = "CEST"', 'zone = "Europe/Berlin"', 7, 'zone: seen: "CEST" (text); allowed: an IANA zone'),
    ('end = "2026-12-20 00:00"', 'end = "2027-01-04 00:00"', 12, "end: the freeze ends before it begins"),
    (
        'end = "2027-02-30 00:00"',
        'end = "2027-01-04 00:00"',
        12,
        'end: seen: "2027-02-30 00:00" (text); allowed: a date',
    ),
    (
        'start = "2026-03-29 02:30"',
        'start = "2026-12-21 00:00"',
        11,
        "2026-03-29 02:30 does not exist in Europe/Berlin",
    ),
    ("reason = 1", 'reason = "Away."', 13, "reason: seen: 1 (number); allowed: why, in 1 to 200 characters"),
    ("pipelines = []", 'pipelines = "team/*"', 17, "pipelines: seen: [] (list); allowed"),
    (
        'pipelines = "team/["',
        'pipelines = "team/*"',
        17,
        'pipelines: the pattern "team/[" has a [ that is never closed',
    ),
    ('tags = ["P C I"]', 'tags = ["pci"]', 18, 'tags: seen: "P C I"; allowed: a-z, 0-9, dot, dash, _'),
    ("watch = ['DB-*']", 'tags = ["pci"]', 18, 'watch: seen: "DB-*"; allowed: names of variables'),
]


@pytest.mark.parametrize(("new", "old", "line", "told"), WHOLE)
def test_everything_around_the_rules(new: str, old: str, line: int, told: str) -> None:
    """Calendars, freezes, environments, default, version."""
    assert old in BASE
    found = problems(BASE.replace(old, new))
    assert any(told in problem for problem in found), found
    assert f"policy.toml line {line} " in next(problem for problem in found if told in problem)


EXEMPTIONS = [
    ("until = 2020-01-01T00:00:00Z", "until: it has ended; take the exemption out"),
    ("until = 2030-01-01T00:00:00", "until: the offset from UTC is missing"),
    ('until = "soon"', 'until: seen: "soon" (text); allowed: a moment'),
    ("until = 2030-01-01", "until: seen: "),
]


@pytest.mark.parametrize(("until", "told"), EXEMPTIONS)
def test_ends_of_exemptions(until: str, told: str) -> None:
    """An exemption has an end, at a moment that no machine's zone decides."""
    text = f'[[exemptions]]\nname = "e"\nrules = "default"\nwhen = {{ pipeline = "x" }}\nreason = "because"\n{until}\n'
    found = one(BASE + text)
    assert found.startswith(f'policy.toml line {FIRST + 5} [[exemptions]] name = "e" {told}'), found


@pytest.mark.parametrize(
    ("without", "told"),
    [
        ("reason", "reason is missing; allowed: why, in 3 to 200 characters"),
        ("until", "until is missing"),
        ("when", "when: it is missing: an exemption must say for what it holds"),
        ("rules", "rules: it is missing or empty"),
    ],
)
def test_an_exemption_is_whole(without: str, told: str) -> None:
    """Reason and end are obligatory."""
    parts = {
        "name": '"e"',
        "rules": '"default"',
        "when": '{ pipeline = "x" }',
        "reason": '"because"',
        "until": "2030-01-01T00:00:00Z",
    }
    text = "".join(f"{key} = {value}\n" for key, value in parts.items() if key != without)
    assert told in one(f"{BASE}[[exemptions]]\n{text}")


@pytest.mark.parametrize("kind", ["rules", "environments", "exemptions"])
def test_two_of_one_name(kind: str) -> None:
    """Names stand in receipts and reports: one thing each."""
    values = {
        "rules": ASK,
        "environments": 'pipelines = "x"\n',
        "exemptions": 'rules = "*"\nwhen = { pipeline = "x" }\nuntil = 2030-01-01T00:00:00Z\nreason = "why"\n',
    }
    table = f'[[{kind}]]\nname = "twice"\n{values[kind]}'
    line = (BASE + table).count("\n") + 2  # of the second one
    assert f'line {line} [[{kind}]] name = "twice": two {kind} have this name' in one(BASE + table + table)


def test_two_tables_of_one_calendar_are_no_toml() -> None:
    """Said with the line by the same kind of report."""
    assert "line " in one(f"{BASE}[calendars.office]\n")


SPELLINGS = [
    '[[rules]]\nname = "x"\n{ask}when = {{\n  pipelin = "a" }}',
    '[[rules]]\nname = "x"\n{ask}[rules.when]\npipelin = "a"',
    '[[rules]]\nname = "x"\n{ask}when.pipelin = "a"',
    '[[rules]]\nname = "x"\n{ask}when = {{ any = [\n  {{ pipeline = "a" }},\n  {{ pipelin = "a" }},\n] }}',
    '[[rules]]\nname = "x"\n{ask}[[rules.when.any]]\npipeline = "a"\n[[rules.when.any]]\npipelin = "a"',
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_the_line_is_right_however_it_is_written(text: str) -> None:
    """Inline, over several lines, as a table of its own, dotted, as an array of tables."""
    written = BASE + '[[rules]]\nname = "before"\n' + ASK + text.format(ask=ASK)
    try:
        line = next(n for n, row in enumerate(written.splitlines(), 1) if "pipelin =" in row)
        found = one(written)
    except StopIteration:
        pytest.fail("the case has no such line")
    if "not TOML" in found:  # TOML 1.0 has inline tables on one line only
        assert text is SPELLINGS[0]
        return
    assert found.startswith(f"policy.toml line {line} "), found
    assert "nearest: pipeline" in found


def test_clauses_as_tables_of_their_own() -> None:
    """[[rules.require]] is as good, and its lines are its own."""
    text = (
        f'{BASE}[[rules]]\nname = "x"\n\n[[rules.require]]\nfactor = "push"\napprovers = ["bob"]\n[[rules.require]]\n'
    )
    assert problems(f'{text}factor = "totp"\napprovers = ["alice"]\n') == []
    found = one(f'{text}factor = "totp"\napprovers = ["alcie"]\n')
    assert found.startswith(f'policy.toml line {FIRST + 8} [[rules]] name = "x" require[1] approvers: seen: "alcie"')


def test_a_file_of_ten_megabytes_is_not_parsed() -> None:
    """Its size is told, with the one that is allowed."""
    found = one("#" * 10_000_000)
    assert f"10000000 bytes; {MAX_BYTES} are allowed" in found


@pytest.mark.parametrize("depth", [10, 100, 200, 240, 300, 400, 500, 5_000])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ("{ not = ", "}"), ("[{ any = ", "}]")])
def test_deep_nesting_is_a_report(depth: int, opens: str, closes: str) -> None:
    """However deep: never an error of another kind."""
    inner = opens * depth + '"x"' + closes * depth
    for key in ("when", "x"):
        assert problems(rule(f"{key} = {inner}"))


def test_reports_are_lines_of_plain_text() -> None:
    """No name, key or value of a file can begin a line of its own, or hide what follows it."""
    bad = "\\n\\u202e\\u001b[2J"
    for text in (f'"{bad}" = 1\n', f'[[rules]]\nname = "{bad}"\nmode = "{bad}"\n', f'[calendars."{bad}"]\n'):
        found = problems(text + BASE if text.startswith('"') else BASE + text)
        assert found
        assert all(problem.isprintable() for problem in found), found


def test_a_policy_is_read_whole() -> None:
    """The value that comes out of the base, so that no case above passes for another reason."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(rule('when = { outside = "office", tags = "pci" }'))
        found, _ = read_policy(path, ROSTER, {"main"}, 86400, NOW)
    assert isinstance(found, Policy)
    assert [one.name for one in found.rules] == ["x"]
    assert found.calendars == ("office",)
