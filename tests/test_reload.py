"""Policy and roster that change on disk while the agent runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clock import Clock
from fakes import desk
from jenkins_mfa import config as configuration
from jenkins_mfa.core.model import Alert, Authenticator, Factor, PersonRecord
from jenkins_mfa.demo import files
from jenkins_mfa.errors import StoreUnavailableError
from jenkins_mfa.reload import Reloader
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.groups import Groups
from jenkins_mfa.usecases.rules import InForce
from jenkins_mfa.usecases.watch import Watch
from jenkins_mfa.words.alerts import alert
from jenkins_mfa.words.history import sentence
from jenkins_mfa.words.render import terminal
from memory_store import MemoryStore

DEFAULT = '[default]\nrequire = [{ factor = "totp", count = 2'
HOTFIX = """
[[rules]]
name = "hotfix"
when = { branch = "hotfix/*" }
require = [{ factor = "push", approvers = ["bob"] }]
"""


class Place:
    """The demo's files, a desk that holds what they say, and the reloader that looks at them."""

    def __init__(self, folder: Path) -> None:
        tokens = dict.fromkeys(("jenkins.token", "slack-bot.token", "slack-app.token"), "xoxb-1")
        self.config = configuration.load(
            files.write(folder, store="redis://x", jenkins="http://j/", slack="http://s/", tokens=tokens)
        )
        self.policy, self.roster = folder / "policy.toml", folder / "roster.toml"
        self.clock = Clock()
        self.store = MemoryStore(self.clock)
        self.desk: Desk = desk(self.store, rules=self.config.policy, roster=self.config.roster)
        self.reloader = Reloader(self.config.rules, self.desk, self.config.rules_digest)

    def edit(self, path: Path, text: str) -> None:
        """Write a file."""
        path.write_text(text)

    def look(self, times: int = 2) -> None:
        """As many looks, two seconds apart."""
        for _ in range(times):
            self.clock.move(seconds=2)
            self.reloader.look()
            self.reloader.tighten()

    @property
    def loaded(self) -> list[str]:
        """What the trail says of policies."""
        return [
            terminal(sentence(linked.entry, self.desk.roster))
            for linked in self.store.trail
            if linked.entry.event == "policy:loaded"
        ]

    @property
    def alerts(self) -> list[Alert]:
        """What ops read, oldest first."""
        return self.store.waiting_alerts


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_nothing_happens_while_nothing_changes(place: Place) -> None:
    """No event, no alert, the very same rules; touching a file changes nothing either."""
    before = place.desk.rules.now
    place.look(3)
    os.utime(place.policy)
    place.look(3)
    assert place.desk.rules.now is before
    assert (place.loaded, place.alerts) == ([], [])


def test_a_changed_policy_is_taken_over_with_the_difference_in_words(place: Place) -> None:
    """Its rules hold, and the trail has the new digest and what changed."""
    place.edit(place.policy, place.policy.read_text().replace(DEFAULT, DEFAULT.replace("2", "3")) + HOTFIX)
    place.look()
    assert "hotfix" in {rule.name for rule in place.desk.policy.rules}
    told = "Changes: “rules added: hotfix; rules changed: default”."
    assert place.loaded == [f"The policy was loaded, SHA-256 “{place.desk.policy.sha256}”. {told}"]
    assert place.reloader.state == {"policy_sha256": place.desk.policy.sha256, "refused": ""}
    assert place.alerts == []


def test_policy_and_roster_are_taken_over_together(place: Place) -> None:
    """A person and the rule that names them come in one step; a leaver is named, too."""
    text = place.roster.read_text()
    cut = text.index("[people.eve]")
    frank = '[people.frank]\nname = "Frank"\ngroups = ["release"]\nidentities = { "slack:T0DEMO" = "U0FRANK" }\n'
    place.edit(place.roster, text[:cut] + frank)
    place.edit(place.policy, place.policy.read_text().replace('"eve"', '"frank"') + HOTFIX.replace("bob", "frank"))
    place.look()
    assert place.desk.roster.find("slack:T0DEMO", "U0FRANK") is not None
    assert place.loaded[0].endswith(
        "Changes: “rules added: hotfix; rules changed: emergency; people added: frank; people removed: eve”."
    )


def test_a_change_of_the_roster_alone_is_in_the_trail(place: Place) -> None:
    """Somebody who changes groups is named; the policy's digest is what it was."""
    text = place.roster.read_text().replace('groups = ["release"]', 'groups = ["developers"]', 1)
    before = place.desk.policy.sha256
    place.edit(place.roster, text)
    place.look()
    assert place.loaded == [f"The policy was loaded, SHA-256 “{before}”. Changes: “people changed: alice”."]


def test_a_file_that_is_still_written_is_not_judged(place: Place) -> None:
    """Half a policy may be a valid one, with fewer rules: only what stands there at two looks counts."""
    whole = place.policy.read_text()
    half = whole[: whole.index('[[rules]]\nname = "short"')] + whole[whole.index("[default]") :]
    place.edit(place.policy, half)
    place.look(1)
    place.edit(place.policy, whole[:100])
    place.look(1)
    place.edit(place.policy, whole + HOTFIX)
    place.look(1)
    assert (place.loaded, place.alerts) == ([], [])
    place.look(1)
    assert len(place.loaded) == 1
    assert "rules added: hotfix" in place.loaded[0]


def test_a_look_at_once_does_not_wait(place: Place) -> None:
    """SIGHUP: whoever sends it says that the files are whole."""
    place.edit(place.policy, place.policy.read_text() + HOTFIX)
    place.reloader.look(at_once=True)
    assert len(place.loaded) == 1


def test_an_invalid_file_changes_nothing_and_is_told_once_and_again_when_it_is_right(place: Place) -> None:
    """Health, and one alert for each new content; the old one put back is right again without an event."""
    before, whole = place.desk.rules.now, place.policy.read_text()
    place.edit(place.policy, whole.replace("group:release", "group:relase"))
    place.look(5)
    assert place.desk.rules.now is before
    assert "relase" in str(place.reloader.state["refused"])
    place.edit(place.policy, "version = ")
    place.look(5)
    place.edit(place.policy, whole)
    place.look(5)
    assert place.reloader.state["refused"] == ""
    assert [found.code for found in place.alerts] == ["policy_refused", "policy_refused", "policy_right"]
    said = [terminal(alert(found, None, place.desk.roster)[0]) for found in place.alerts]
    assert said[0].startswith("The policy or the roster on disk cannot be used: “policy.toml line ")
    assert said[2] == "Policy and roster on disk are right again, and hold."
    assert place.loaded == []


@pytest.mark.parametrize(
    "broken",
    [b"\xff\xfe", b"a = " + b"[" * 100_000, b"# " + b"x" * 1_100_000, b""],
    ids=["no text", "deep", "too long", "empty"],
)
def test_whatever_stands_there_what_holds_goes_on_holding(place: Place, broken: bytes) -> None:
    """Each is refused with its reason, in the roster as in the policy; a file that went away, too."""
    before = place.desk.rules.now
    for path in (place.policy, place.roster):
        whole = path.read_bytes()
        path.write_bytes(broken)
        place.look(3)
        assert place.reloader.state["refused"]
        path.unlink()
        place.look(3)
        assert "cannot be read" in str(place.reloader.state["refused"])
        path.write_bytes(whole)
        place.look(3)
    assert place.desk.rules.now == before
    assert [found.code for found in place.alerts].count("policy_right") == 2


def test_an_exemption_that_has_ended_is_refused_at_reload(place: Place) -> None:
    """What ended before now does nothing, so it must go; one that still holds is taken over."""
    exemption = (
        '\n[[exemptions]]\nname = "x"\nrules = "staging"\nwhen = { pipeline = "deploy-staging" }\nreason = "why"\n'
    )
    for until, taken in (("2025-01-01T00:00:00Z", 0), ("2026-01-01T00:00:00Z", 1)):
        place.edit(place.policy, files.POLICY + exemption + f"until = {until}\n")
        place.look()
        assert len(place.loaded) == taken
    assert place.alerts[0].code == "policy_refused"


def test_no_rule_holds_that_the_trail_does_not_know(place: Place) -> None:
    """A store that is away puts the change off; the look after that takes it over."""

    class Away(MemoryStore):
        def commit(self, _commit: object) -> None:
            raise StoreUnavailableError("away")

    before, real = place.desk.rules.now, place.store.commit
    place.edit(place.policy, place.policy.read_text() + HOTFIX)
    place.store.commit = Away(place.clock).commit  # type: ignore[method-assign]
    place.look(1)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            place.reloader.look()
    assert place.desk.rules.now is before
    place.store.commit = real  # type: ignore[method-assign]
    place.look(1)
    assert len(place.loaded) == 1


def clauses(place: Place) -> list[tuple[str, int]]:
    """What the open gate needs: rule and count."""
    gate = place.desk.store.gate_of("main", "ref-1")
    assert gate is not None
    assert gate.requirement is not None
    return [(clause.rule, clause.count) for clause in gate.requirement.clauses]


MORE = """
[[rules]]
name = "more"
when = { branch = "main" }
require = [{ factor = "push", approvers = ["eve"] }]
"""


def test_a_gate_that_is_open_gets_what_the_new_policy_adds_and_loses_nothing(place: Place) -> None:
    """It keeps the requirement with which it was opened; a policy that asks for less changes nothing."""
    Watch(place.desk, place.desk.sources["main"]).poll()
    opened = clauses(place)
    assert opened == [("production", 1), ("default", 2)]
    place.edit(place.policy, files.POLICY + MORE)
    place.look()
    assert clauses(place) == [("production", 1), ("default", 2), ("more", 1)]
    place.edit(place.policy, files.POLICY.replace(DEFAULT, DEFAULT.replace("2", "1")))
    place.look()
    assert clauses(place) == [("production", 1), ("default", 2), ("more", 1)]


def test_an_agent_that_starts_with_another_policy_adds_what_it_asks_for(place: Place) -> None:
    """The file was changed while no agent ran: the first look asks for it in gates that are open."""
    Watch(place.desk, place.desk.sources["main"]).poll()
    place.edit(place.policy, files.POLICY + MORE)
    again = configuration.load(place.config.path)
    place.desk.rules.now = InForce(again.policy, again.roster)
    place.reloader = Reloader(again.rules, place.desk, again.rules_digest)
    place.look(1)
    assert clauses(place) == [("production", 1), ("default", 2), ("more", 1)]
    assert place.loaded == []


def test_a_group_of_another_place_is_empty_until_it_is_read_there(place: Place) -> None:
    """A new policy names a user group, then another: members of before, and own ones, do not stand in for it."""
    kept = {"S0AAA": {"U0BOB"}, "S0BBB": {"U0CAROL"}}

    class Kept:
        def accounts(self, group: str) -> frozenset[str]:
            return frozenset(kept[group])

    place.desk.rules.issuer = f"slack:{files.TEAM}"
    groups = Groups(place.desk, Kept(), lambda: place.clock.now() / 1000)
    groups.look()
    assert place.desk.roster.members("release") == ("alice", "bob", "carol")
    for name, person in (("S0AAA", "bob"), ("S0BBB", "carol")):
        place.edit(place.policy, f'{files.POLICY}\n[slack_groups]\nrelease = "{name}"\n')
        place.look()
        assert place.desk.policy.outside == {"release": name}
        assert place.desk.roster.members("release") == ()
        groups.look()
        assert place.desk.roster.members("release") == (person,)
    now = place.policy.read_text()
    place.edit(place.policy, now + HOTFIX)
    place.look()
    assert place.desk.roster.members("release") == ("carol",)  # the same user group: what was read of it still holds
    place.edit(place.policy, now)
    place.look()
    assert place.loaded[1].endswith("Changes: “settings changed: slack_groups”.")
    text = place.roster.read_text()
    place.edit(place.roster, text.replace('"U0CAROL"', '"U0OTHER"'))
    place.look()
    assert place.desk.roster.members("release") == ()
    place.edit(place.roster, text)
    place.edit(place.policy, files.POLICY)
    place.look()
    assert place.desk.roster.members("release") == ("alice", "bob", "carol")
    told = [linked.entry.details for linked in place.store.trail if linked.entry.event == "group:changed"]
    assert [(one["kind"], one["people"], one.get("reason")) for one in told] == [
        ("removed", "alice, bob, carol", "unread"),
        ("added", "bob", None),
        ("removed", "bob", "unread"),
        ("added", "carol", None),
        ("removed", "carol", None),
        ("added", "alice, bob, carol", None),
    ]


def test_whoever_leaves_the_roster_is_suspended_when_it_is_taken_over_and_at_a_start(place: Place) -> None:
    """Trap: a leaver can still approve. It is caught up by the next start where the process died in between."""
    place.look()
    for person in ("alice", "bob"):
        place.store.put(PersonRecord(person, 1, (Authenticator("a_1", Factor.TOTP, "sealed", 1),)))
    text = place.roster.read_text()
    place.edit(place.roster, text.replace("[people.bob]", "[people.robert]"))
    place.edit(place.policy, place.policy.read_text().replace('"bob"', '"robert"'))
    place.look(3)
    usable = {name: place.store.person(name).usable(Factor.TOTP) is not None for name in ("alice", "bob")}
    assert usable == {"alice": True, "bob": False}
    assert [one.code for one in place.alerts if one.code == "suspended"] == ["suspended"]
    place.store.put(PersonRecord("carla", 1, (Authenticator("a_1", Factor.TOTP, "sealed", 1),)))
    Reloader(place.config.rules, place.desk, place.reloader.state["policy_sha256"]).tighten()  # type: ignore[arg-type]
    assert place.store.person("carla").usable(Factor.TOTP) is None
