"""`audit verify --evidence` as an auditor calls it: a store and the configuration; no key, no token, no network."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli_files import edit, without_pages, write
from clock import Clock
from evidence_kit import ACTS, CONFIRMED, DENIED, ENROLLED, OPENED, TRAIL, detailed
from jenkins_mfa.cli import main
from jenkins_mfa.core.model import SCHEMA, Commit, Entry
from store_server import Server, new_store

WEB = '\n[web]\nlisten = "0.0.0.0:443"\nurl = "https://mfa.example.com"\ncert_file = "web.crt"\nkey_file = "web.key"\n'
Auditor = Callable[..., Result]

_numbers = count(1)


@pytest.fixture
def auditor(tmp_path: Path, valkey: Server) -> Auditor:
    """Stores what a trail says, and verifies it with the configuration's files and nothing else."""
    prefix = f"auditor-{next(_numbers)}"
    path = without_pages(write(tmp_path, store=valkey.url))
    edit(path, ('prefix = "mfa"', f'prefix = "{prefix}"'))
    for token in tmp_path.glob("*.token"):
        token.unlink()
    assert not (tmp_path / "keys").exists()

    def verify(*entries: Entry, web: str = WEB, options: tuple[str, ...] = ("--evidence",)) -> Result:
        store = new_store(valkey, Clock(), f"{{{prefix}}}")
        store.commit(Commit("trail", (), entries))
        store.close()
        path.write_text(path.read_text() + web)
        return CliRunner().invoke(main, ["audit", "verify", *options, "--config", str(path)])

    return verify


def test_row_45_all_answers_hold(auditor: Auditor) -> None:
    """Without vault, HMAC or TLS key, without tokens, Jenkins and Slack: exit 0, and how many there are."""
    found = auditor(*TRAIL)
    assert (found.exit_code, found.stderr) == (0, "")
    chain, evidence = found.stdout.splitlines()
    assert chain.startswith("Right: events 1 to 3 are complete and unchanged. Head ")
    assert (
        evidence == "Right: the evidence of the one answer given with security keys holds, on https://mfa.example.com."
    )


def test_without_pages_the_origins_are_named(auditor: Auditor) -> None:
    """Nothing says whose pages those should be: the auditor is told to compare."""
    found = auditor(*TRAIL, DENIED, web="")
    assert found.exit_code == 0
    assert found.stdout.splitlines()[1] == (
        "Right: the evidence of all 2 answers given with security keys holds, on “https://mfa.example.com”. "
        "Whether these are your pages is not compared: the configuration has no [web]."
    )


def test_a_trail_without_keys(auditor: Auditor) -> None:
    """Nothing to verify is said, and is right."""
    found = auditor(OPENED)
    assert (found.exit_code, found.stdout.splitlines()[1:]) == (0, ["Right: no answer was given with a security key."])


def test_row_45_each_finding_names_event_reason_and_mend(auditor: Auditor) -> None:
    """Exit 1 under a chain that holds; what is foreign stays marked."""
    found = auditor(
        ENROLLED, OPENED, replace(CONFIRMED, actor="bob"), detailed(CONFIRMED, authenticator="a_02"), CONFIRMED
    )
    assert found.exit_code == 1
    another = "the key that has signed is another authenticator, “a_01”"
    about = "(01.1, “team one/deploy” #17)"
    assert found.stdout.splitlines()[1:] == [
        f"Not right: event 3 {about}: Bob Ray confirmed with a security key. But the key has signed as “alice”.",
        f"Not right: event 4 {about}: Alice Wu confirmed with a security key. But {another}.",
        f"Not right: event 5 {about}: Alice Wu confirmed with a security key. But the question was answered before.",
        'Mend: keep this store as evidence; docs/operations.md, "Evidence that does not hold".',
    ]


def test_row_45_an_act_that_no_key_has_signed_is_named(auditor: Auditor) -> None:
    """It is about no build; what was signed instead is said."""
    found = auditor(ENROLLED, ACTS["unlock"], detailed(ACTS["lost"], evidence=ACTS["invite"].details["evidence"]))
    assert found.exit_code == 1
    assert found.stdout.splitlines()[1].startswith("Not right: event 3: ")
    assert found.stdout.splitlines()[1].endswith(" But the key has signed something else, “administer invite bob”.")


def test_findings_as_json(auditor: Auditor) -> None:
    """One document, stable keys; the same exit code."""
    found = auditor(ENROLLED, OPENED, replace(CONFIRMED, actor="bob"), options=("--evidence", "--json"))
    shown = json.loads(found.stdout)
    assert (found.exit_code, shown["v"], shown["ok"], shown["last"]) == (1, 1, False, 3)
    assert shown["evidence"] == {
        "answers": 1,
        "site": "https://mfa.example.com",
        "origins": ["https://mfa.example.com"],
        "findings": [
            {
                "seq": 3,
                "event": "gate:confirmed",
                "gate": "g_01.1",
                "actor": "bob",
                "why": "person",
                "signed": "alice",
                "text": "the key has signed as “alice”",
            }
        ],
    }


def test_evidence_is_looked_at_when_it_is_asked_for(auditor: Auditor) -> None:
    """Without the option the chain alone decides, as before."""
    found = auditor(replace(CONFIRMED, actor="bob"), options=("--json",))
    assert found.exit_code == 0
    assert "evidence" not in json.loads(found.stdout)


def test_reading_the_trail_writes_nothing(auditor: Auditor, valkey: Server, tmp_path: Path) -> None:
    """An auditor leaves a store as it is, a still empty one, too."""
    with valkey.client() as client:
        before = client.dbsize()
        path = tmp_path / "config.toml"
        done = [CliRunner().invoke(main, ["audit", name, "--config", str(path)]) for name in ("verify", "tail")]
        assert ([one.exit_code for one in done], client.dbsize()) == ([0, 0], before)


def test_a_store_that_is_away_or_newer(auditor: Auditor, valkey: Server, tmp_path: Path) -> None:
    """Exit 3 and 2: nothing is said about a trail that could not be read."""
    path = tmp_path / "config.toml"
    prefix = path.read_text().split('prefix = "')[1].split('"')[0]
    with valkey.client() as client:
        client.set(f"{{{prefix}}}:schema", SCHEMA + 1)
    newer = CliRunner().invoke(main, ["audit", "verify", "--evidence", "--config", str(path)])
    edit(path, (valkey.url, "redis://127.0.0.1:1/0"))
    away = CliRunner().invoke(main, ["audit", "verify", "--evidence", "--config", str(path)])
    assert (newer.exit_code, away.exit_code) == (2, 3)
    assert "redis://127.0.0.1:1/0" in away.stderr
