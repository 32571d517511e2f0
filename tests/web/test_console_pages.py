"""What the console shows: what waits, one gate, the trail, people, policy, plots, health; over real sockets."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from console_kit import Desktop, Visitor, console

from builders import RUN, facts, policy, rule
from fakes import FakeSource, request_text
from jenkins_mfa.core.model import Commit, Entry, Factor
from jenkins_mfa.core.search import Wanted
from jenkins_mfa.usecases.desk import commit_id
from jenkins_mfa.usecases.rules import InForce
from jenkins_mfa.web.console import past, pending
from key_world import KeyWorld

EVIL = "<img src=x onerror=alert(1)>\"'&"
PAGES = (
    "/console",
    "/console?mine",
    "/console/history",
    "/console/people",
    "/console/policy",
    "/console/report",
    "/console/health",
)


@pytest.fixture
def world() -> KeyWorld:
    made = KeyWorld(rules=policy(rule(factor=Factor.PUSH), available=tuple(Factor), administrators=("carol",)))
    made.enrol("alice", "bob")
    made.open()
    return made


@pytest.fixture
def alice(desktop: Desktop) -> Visitor:
    return desktop.signed_in()


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_what_waits(alice: Visitor, world: KeyWorld) -> None:
    """One gate with what it misses, who started it, and whether it is for whoever looks."""
    shown = text_of(alice.get("/console").text)
    assert "1 build waits" in shown
    assert "1 more of release with a tap. Started by Dan 0 s ago; 30 min left. You can answer this." in shown
    world.answers.deny(world.gate.jti, world.who("bob"), "not on staging yet", False, "c")
    assert "1 build waits" in text_of(alice.get("/console").text)  # Jenkins has not taken it yet


def test_only_what_waits_for_me(desktop: Desktop, world: KeyWorld) -> None:
    """Dan started it, so it does not wait for him."""
    assert "Nothing waits for you" in text_of(desktop.signed_in("UDAN").get("/console?mine").text)
    assert "1 build waits for you" in text_of(desktop.signed_in("UBOB").get("/console?mine").text)


def test_the_list_hears_of_changes(alice: Visitor, world: KeyWorld) -> None:
    """The mark changes with every change of what waits, and the page that waits is told."""
    seen = pending.mark(world.desk)
    assert alice.get("/console/wait?seen=x").json() == {"seen": seen, "changed": True}
    world.tap("alice")
    assert alice.get(f"/console/wait?seen={seen}").json()["changed"] is True
    about = alice.get(f"/console/wait?about={world.gate.jti}&seen=0").json()
    assert about == {"seen": str(world.gate.version), "changed": True}


def test_one_gate_whole(alice: Visitor, world: KeyWorld) -> None:
    """State, facts, the Jenkinsfile's words, who can answer, the rules, and what happened."""
    world.tap("bob")
    shown = text_of(alice.get(f"/console/gates/{world.gate.jti}").text)
    for piece in (
        "Approved",
        "The Jenkinsfile says",
        "message: Deploy 1.4",
        "Counted: Bob (tap)",
        "Rule production applies.",
        "Opened.",
        "Bob confirmed with a tap.",
    ):
        assert piece in shown, piece


def test_a_gate_that_was_asked_anew_leads_on(alice: Visitor, world: KeyWorld) -> None:
    """A link to an older generation goes to the present one, and nowhere else."""
    gate = world.gate
    fresh = replace(gate, generation=2, version=gate.version + 1)
    world.store.commit(Commit(commit_id("again"), (fresh,)))
    answer = alice.get(f"/console/gates/{gate.id}.1")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{alice.url}/console/gates/{gate.id}.2")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("outcome=gate:confirmed", ["Bob confirmed with a tap."]),
        ("person=bob&outcome=gate:confirmed", ["Bob confirmed with a tap."]),
        ("person=carol&outcome=gate:confirmed", []),
        ("job=team*&outcome=gate:opened", ["Opened."]),
        ("job=other/*", []),
        ("gate=ffff", []),
        ("until=2020-01-01", []),
        ("since=2099-01-01", []),
    ],
)
def test_history_is_searched(alice: Visitor, world: KeyWorld, asked: str, found: list[str]) -> None:
    """Each field narrows it."""
    world.tap("bob")
    shown = alice.get(f"/console/history?{asked}").text
    events = [text_of(one) for one in re.findall(r"<ol.*</ol>", shown, re.DOTALL)]
    assert ("Nothing was found." in shown) is (not found)
    for sentence in found:
        assert sentence in events[0]
        assert events[0].count("UTC") == len(found)


@pytest.mark.parametrize(
    ("asked", "said"), [("job=[a", "that is never closed"), ("since=monday", "A day is written like")]
)
def test_history_says_what_cannot_be_looked_for(alice: Visitor, asked: str, said: str) -> None:
    """At the top, with what is right."""
    assert said in alice.get(f"/console/history?{asked}").text


def test_history_goes_on_where_the_page_ends(alice: Visitor, world: KeyWorld) -> None:
    """Newest first, each event once, to the oldest."""
    for n in range(120):
        entry = Entry("key:created", world.clock.now(), "agent", details={"kid": f"kid-{n}"})
        world.store.commit(Commit(commit_id("kid", str(n)), (), (entry,)))
    seen: list[str] = []
    path = "/console/history?outcome=key:created"
    while path:
        page = alice.get(path).text
        seen += re.findall(r"kid-\d+", page)
        more = re.search(r'href="([^"]+)">Older', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == [f"kid-{n}" for n in reversed(range(120))]


def test_a_page_of_history_looks_at_so_many_events(world: KeyWorld) -> None:
    """Whatever is asked, one look is bounded; the next one goes on behind it."""
    entries = tuple(Entry("key:created", world.clock.now(), "agent", details={"kid": "k"}) for _ in range(2_500))
    world.store.commit(Commit(commit_id("many"), (), entries))
    head = world.store.heads().seq
    first = past.search(world.store, Wanted(outcome="gate:opened"), head + 1)
    assert (first.events, first.rest) == ((), head + 1 - past.LOOKED)
    second = past.search(world.store, Wanted(outcome="gate:opened"), first.rest)
    assert [entry.event for _, entry in second.events if entry] == ["gate:opened"]


def test_people(desktop: Desktop, world: KeyWorld) -> None:
    """Everybody sees who has what; since when, and the last use, only of themselves, or as an administrator."""
    others = text_of(desktop.signed_in("UDAN").get("/console/people").text)
    assert "Alice (alice), in release In use: code app." in others
    assert "last used" not in others
    mine = text_of(desktop.signed_in("UALICE").get("/console/people").text)
    assert mine.count("last used") == 1
    assert mine.index("Alice (alice)") < mine.index("Bob (bob)")
    assert text_of(desktop.signed_in("UCAROL").get("/console/people").text).count("last used") == 2


def test_ones_own_page_is_reached(alice: Visitor, desktop: Desktop) -> None:
    """By a one-time address, as from Slack."""
    to = alice.post("/console/own").json()["to"]
    assert to.startswith(f"{alice.url}/open#")
    other = desktop.place.browser
    assert other.post("/open", {"token": to.partition("#")[2]}).json() == {"to": "/me"}


def test_the_policy_with_its_last_difference(alice: Visitor, world: KeyWorld, tmp_path: Path) -> None:
    """Rules, what they ask, and what changed when it was loaded."""
    details: dict[str, str | int] = {"policy_sha256": "0" * 64, "changes": "rules added: hotfix"}
    world.store.commit(
        Commit(commit_id("p"), (), (Entry("policy:loaded", world.clock.now(), "agent", details=details),))
    )
    shown = text_of(alice.get("/console/policy").text)
    assert "production" in shown
    assert "production 1 of release, with a tap" in shown
    assert "rules added: hotfix" in shown
    assert "Another file stands there by now" in shown


def test_the_last_difference_rule_by_rule(alice: Visitor, world: KeyWorld) -> None:
    """As it was and as it is: what is asked, when, and the other settings; new rules and those that are gone."""
    rules = world.desk.rules
    changed = policy(rule(factor=Factor.TOTP, ttl=60, job="team*"), rule("hotfix"), available=tuple(Factor))
    gone = replace(rules.now.policy, rules=(*rules.now.policy.rules, rule("old")))
    rules.former, rules.now = gone, InForce(changed, rules.now.roster)
    shown = text_of(alice.get("/console/policy").text).partition("Last difference, rule by rule")[2]
    assert "production ttl: 1800 , now 60 ." in shown
    assert "Before 1 of release, with a tap Now 1 of release, with a code pipeline: team*" in shown
    assert "old Not there any more. Before" in shown
    assert "hotfix New. Now" in shown


def test_so_many_looks_and_no_more(alice: Visitor) -> None:
    """Reports read every gate: who asks without end is asked to wait, and nobody else."""
    found: list[int] = []
    while 429 not in found and len(found) < 500:
        found.append(alice.get("/console/health").status_code)
    assert len(found) > 59
    assert found == [200] * (len(found) - 1) + [429]


def test_plots(alice: Visitor, world: KeyWorld) -> None:
    """Figures and plots of the report, with its style sheet; nothing inline."""
    page = alice.get("/console/report?days=7").text
    assert "Outcomes over time" in page
    assert page.count("<svg") > 2
    assert "style=" not in page
    assert "<style" not in page
    assert alice.get("/static/report.css").headers["Content-Type"].startswith("text/css")


def test_health(alice: Visitor, world: KeyWorld) -> None:
    """What runs, what is read, what is not delivered; a problem's foreign text is a chip."""
    now = world.clock.now()
    world.store.beat("agent:a1", {"version": "1.2.3", "at": now, "refused": "", "not_taken": {}})
    world.store.beat("source:main", {"ok": False, "problem": EVIL, "at": now})
    world.store.beat("trail:a1", {"ok": True, "problem": "", "at": now})
    world.store.beat("forward:siem:a1", {"ok": True, "problem": "", "at": now})
    world.store.beat("forward:archive:a1", {"ok": False, "problem": "archive: it answered 500", "at": now})
    page = alice.get("/console/health").text
    shown = text_of(page)
    assert "a1, version 1.2.3, last seen 0 s ago." in shown
    assert "main cannot be read, 0 s ago:" in shown
    assert "Checkpoints were written 0 s ago." in shown
    assert "The trail is sent to siem, seen 0 s ago." in shown
    assert "The trail is not sent to archive: it answered 500" in shown
    assert "<img" not in page


def hostile() -> KeyWorld:
    """Everything that a pipeline, a job's name, a person's account or a reason can say is markup."""
    run = replace(RUN, pipeline=EVIL, url="javascript:alert(1)")
    said = {"message": EVIL, "subject": {"name": EVIL}, "details": {"ticket": EVIL}, "variables": {"HOST": EVIL}}
    text = request_text(run={"pipeline": EVIL, "id": "17"}, **said)
    source = FakeSource(text=text, known=replace(facts(run=run), branch=EVIL))
    world = KeyWorld(source=source, rules=policy(rule(factor=Factor.PUSH), available=tuple(Factor)))
    world.enrol("alice")
    world.open()
    return world


def test_injection_in_every_text_that_a_pipeline_can_send() -> None:
    """No text becomes an element, an attribute or an address, on any page."""
    world = hostile()
    world.deny("bob", f"{EVIL} because")
    with console(world.desk) as desktop:
        visitor = desktop.signed_in()
        for path in (*PAGES, f"/console/gates/{world.gate.jti}"):
            html = visitor.get(path).text
            assert "<img" not in html, path
            assert "javascript:" not in html, path
        assert "<img" not in visitor.get(f"/console/history?person={EVIL}&job={EVIL}&since={EVIL}").text


def test_every_page_keeps_to_the_strict_policy(alice: Visitor) -> None:
    """Our own code alone, kept by no cache; a way to all others."""
    for page in PAGES:
        answer = alice.get(page)
        assert answer.status_code == 200
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert set(PAGES) - {"/console?mine"} <= set(re.findall(r'href="([^"]+)"', answer.text))
        assert 'aria-current="page"' in answer.text
