"""`report` and `report observe` on a real store: files, forms, damaged records, and what bad arguments get."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from builders import clause, gate, requirement
from cli_files import edit, with_keys, write
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.cli import main
from jenkins_mfa.core.model import BrokenGlass, Commit, Entry, Factor, Gate
from jenkins_mfa.reporting.model import Scope
from jenkins_mfa.reporting.tally import Tally
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.gates import RedisStore
from report_sample import SINCE, history
from store_server import Server

PERIOD = ("--since", "2026-10-26", "--until", "2026-11-25")
_numbers = count(1)


@dataclass
class Place:
    """A configuration and the store that it names."""

    config: Path
    store: RedisStore

    def run(self, *arguments: str) -> Result:
        """One command."""
        return CliRunner().invoke(main, [*arguments, "--config", str(self.config)])

    def keep(self, *gates: Gate) -> None:
        """Store gates as they are."""
        for one in gates:
            self.store.commit(Commit(f"open:{one.id}", (one,)))


@pytest.fixture
def place(valkey: Server, tmp_path: Path) -> Iterator[Place]:
    """An empty store of this test's own."""
    path = with_keys(write(tmp_path, store=valkey.url))
    prefix = f"report-{next(_numbers)}"
    edit(path, ('prefix = "mfa"', f'prefix = "{prefix}"'))
    config = configuration.load(path)
    store = RedisStore(client_for(valkey.url), key_files.load(config.keys, "demo").mac_key, prefix=f"{{{prefix}}}")
    yield Place(path, store)
    store.close()


def test_a_history_in_the_store_is_told_in_every_form(place: Place, tmp_path: Path) -> None:
    """Text, JSON, CSV and the page tell of the same gates; a file gets what stdout would."""
    gates = list(history())
    place.keep(*gates)
    assert f"{len(gates)} gates: " in place.run("report", *PERIOD).stdout
    document = json.loads(place.run("report", *PERIOD, "--format", "json").stdout)
    assert (document["v"], document["total"]["gates"], document["gates"]) == (1, len(gates), None)
    output = tmp_path / "report"
    written = place.run("report", *PERIOD, "--format", "csv", "--output", str(output))
    assert (written.exit_code, written.output) == (0, "")
    assert output.read_bytes() == place.run("report", *PERIOD, "--format", "csv").stdout_bytes
    assert len(list(csv.DictReader(output.read_text().splitlines()))) == len(gates)
    place.run("report", *PERIOD, "--format", "html", "--output", str(output))
    assert output.read_text().startswith("<!DOCTYPE html>")


def test_scope_narrows_what_is_told(place: Place) -> None:
    """A glob, an environment with each of its gates, and the edges of time."""
    place.keep(*history())
    narrow = json.loads(place.run("report", *PERIOD, "--pipeline", "web/*", "--format", "json").stdout)
    assert {row["pipeline"] for row in narrow["pipelines"]} == {"web/deploy-prod", "web/deploy-staging"}
    whole = json.loads(place.run("report", *PERIOD, "--environment", "production", "--format", "json").stdout)
    assert len(whole["gates"]) == whole["total"]["gates"] > 0
    assert {one["environment"] for one in whole["gates"]} == {"production"}
    before = place.run("report", "--since", "2026-10-01", "--until", "2026-10-26")
    assert "No gate opened in this time." in before.stdout


def test_the_last_thirty_days_are_the_default(place: Place) -> None:
    """A gate of this moment is in it, one of a month and a day ago is not."""
    now = place.store.now()
    old = replace(gate(), id=f"g_{1:032x}", external_ref="old", opened_at=now - 31 * 86_400_000)
    place.keep(old, replace(gate(), opened_at=now))
    assert "1 gate: 1 waiting." in place.run("report").stdout
    assert "2 gates: 2 waiting." in place.run("report", "--since", "32d").stdout


def test_a_damaged_record_is_named_and_the_others_are_told(place: Place, valkey: Server) -> None:
    """One record that somebody changed does not hide the rest, and the report does not hide it."""
    good, bad = list(history())[:2]
    place.keep(good, bad)
    store = place.store
    store._wire.client.hset(store._wire.key(f"gate:{bad.id}"), "seal", "0" * 64)
    found = place.run("report", *PERIOD)
    assert found.exit_code == 0
    assert f"Damaged, and counted nowhere: gate:{bad.id}" in found.stdout
    assert "1 gate: " in found.stdout


def test_an_auditor_can_compare_a_receipt_with_report_and_show(place: Place) -> None:
    """Both name the digest of the receipt that the gate's claim froze; a gate without one has none."""
    signed = next(one for one in history() if one.claim is not None)
    waiting = replace(gate(), id=f"g_{'7' * 32}", external_ref="waits", opened_at=SINCE)
    place.keep(signed, waiting)
    assert signed.claim is not None
    shown = [json.loads(place.run("show", one.id, "--json").stdout)["receipt"] for one in (signed, waiting)]
    csv_text = place.run("report", *PERIOD, "--format", "csv").stdout
    told = {row["gate"]: row["receipt_sha256"] for row in csv.DictReader(csv_text.splitlines())}
    assert told == {signed.jti: signed.claim.receipt_sha256, waiting.jti: ""}
    stood = {"trail_seq": signed.claim.audit_seq, "trail_head": signed.claim.audit_head}
    assert shown == [{"jti": signed.jti, "sha256": signed.claim.receipt_sha256, **stood}, None]


def test_rules_on_trial_are_told(place: Place) -> None:
    """What the stored gates say that a rule would have asked; a rule of the policy that asked nobody is told too."""
    asks = 'require = [{ factor = "totp", approvers = ["group:release"] }]'
    sleepy = f'[[rules]]\nname = "sleepy"\nmode = "observe"\n{asks}\n\n[default]'
    edit(place.config.parent / "policy.toml", ("[default]", sleepy))
    first = next(history())
    assert first.requirement is not None
    tried = replace(clause(2, "alice", "bob", factor=Factor.TOTP), rule="pair")
    place.keep(replace(first, requirement=replace(first.requirement, observed=(tried,))))
    shown = place.run("report", "observe", *PERIOD)
    assert "pair, pipeline “web/deploy-staging”" in shown.stdout
    assert "2 of release with a code" in shown.stdout
    assert "sleepy: would have asked nobody." in shown.stdout
    document = json.loads(place.run("report", "observe", *PERIOD, "--format", "json").stdout)
    assert (document["v"], document["trials"][0]["rule"], document["silent"]) == (1, "pair", ["sleepy"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--since", "30"), "12h, 30d, 4w, 2026-11-01"),
        (("--since", "2026-02-30"), "no day of the calendar"),
        (("--until", "soon"), "2026-11-01"),
        (("--since", "2026-11-02", "--until", "2026-11-01"), "--since must be before --until"),
        (("--since", "2026-11-01", "--until", "2026-11-01"), "--since must be before --until"),
        (("--since", "1.5d"), "no moment"),
        (("--since", "0d"), "no moment"),
        (("--since", "-1d"), "no moment"),
        (("--since", "٣٠d"), "no moment"),
        (("--since", "30d\n"), "no moment"),
        (("--since", "99999w", "--until", "1969-01-01"), "--since must be before --until"),
        (("--since", "2999-01-01"), "--since must be before --until"),
        (("--pipeline", "web/["), "never closed; allowed: * ? [abc] [!abc]"),
        (("--pipeline", ""), "is empty"),
        (("--format", "pdf"), "'text', 'json', 'csv', 'html'"),
        (("--output", "/"), "directory"),
        (("--output", "/no/such/folder/report"), "cannot be written: No such file or directory"),
        (("--since", "30d", "observe"), "options stand after observe"),
        (("observ",), "Nearest: observe"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_arguments_get_a_sentence_and_exit_2(place: Place, arguments: tuple[str, ...], says: str) -> None:
    """What is wrong with it and what is allowed; nothing is written."""
    found = CliRunner(env={"JENKINS_MFA_CONFIG": str(place.config)}).invoke(main, ["report", *arguments])
    assert found.exit_code == 2, found.output
    assert says in " ".join(found.stderr.split())
    assert found.stdout == ""


def test_many_gates_take_little_memory() -> None:
    """What is kept of a gate that is only counted is a few bytes: 20,000 gates more stay under 8 MiB."""
    plain = [one for one in history() if one.claim is not None]
    tally = Tally(Scope(SINCE, SINCE + 30 * 86_400_000))
    for one in plain:
        tally.add(one)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(20_000):
        tally.add(plain[number % len(plain)])
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 8 * 2**20
    assert tally.report({}).total.gates == 20_000 + len(plain)


def test_whether_broken_glass_was_reviewed_is_told_by_the_trail(place: Place) -> None:
    """T8: an empty or a lost list of open reviews makes nothing reviewed; the event of whoever did it does."""
    broken = replace(requirement(), break_glass="emergency")
    why = BrokenGlass("alice", SINCE, "the database is down", "c", requirement())
    one, other = (replace(gate(), id=f"g_{n:032x}", external_ref=str(n), opened_at=SINCE) for n in (1, 2))
    place.keep(*(replace(found, requirement=broken, broken=why) for found in (one, other)))
    seen = Entry("gate:reviewed", SINCE + 5_000, "carol", other.jti, details={"reason": "right so"})
    place.store.commit(Commit("seen", (), (seen,)))
    told = json.loads(place.run("report", *PERIOD, "--format", "json").stdout)["break_glass"]
    assert {found["gate"]: found["reviewed"] for found in told} == {one.jti: False, other.jti: True}
    review = {"person": "carol", "at": "2026-10-26T00:00:05.000Z", "note": "right so"}
    assert {found["gate"]: found["review"] for found in told} == {one.jti: None, other.jti: review}


@pytest.mark.parametrize("form", ["text", "json", "csv", "html"])
def test_a_gate_that_is_missing_is_in_every_form(place: Place, form: str) -> None:
    """As the trail has it: the builds, why, who and from which commit."""
    about: dict[str, str | int] = {"reason": "ungated", "by": "dan.f", "person": "", "commit": "4f2c" * 10}
    entry = Entry("gate:missing", SINCE + 1, "agent", "", "main", "main:web/deploy:12:1", about)
    place.store.commit(Commit("missing", (), (entry, replace(entry, at=1, run="main:web/deploy:11:1"))))
    shown = place.run("report", *PERIOD, "--format", form).output
    assert "web/deploy" in shown
    assert "4f2c" * 10 in shown
    assert "dan.f" in shown
    assert "#11" not in shown


def test_a_trail_that_cannot_be_read_is_said_in_the_report(place: Place) -> None:
    """Whoever writes the store could else take the holes out of it."""
    entry = Entry("gate:missing", SINCE + 1, "agent", "", "main", "main:web/deploy:12:1", {"reason": "ungated"})
    place.store.commit(Commit("missing", (), (entry,)))
    client, key = place.store._wire.client, place.store._wire.key("audit")
    ((_, fields),) = client.xrange(key)
    client.delete(key)
    client.xadd(key, fields | {b"event": fields[b"event"].replace(b'"reason"', b'"unheard"')}, id="1-0")
    shown = place.run("report", *PERIOD).output
    assert "What went past gates is not known: the trail cannot be read." in shown
