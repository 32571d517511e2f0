"""The command line, some of it as processes: exit codes, sentences, `--json`, and a terminal for enrolment."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from at_terminal import at_terminal
from cli_files import edit, with_keys, write
from command import run
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.cli import MODULES, main, seat
from jenkins_mfa.core import challenge, totp
from jenkins_mfa.core.model import Authenticator, Commit, Factor
from jenkins_mfa.demo.auto import Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.wiring import open_desk


def process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """One command as a process, without a terminal."""
    command = [sys.executable, "-m", "jenkins_mfa", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One demo world for the module."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield made


@pytest.fixture(scope="module")
def waiting(world: World) -> str:
    """A build that waits; its gate's short id, as the terminal shows it."""
    Player(world).pause(STAGING)
    found = run("pending", "--json", "--config", world.config_path)
    gates = json.loads(found.stdout)["gates"]
    assert len(gates) == 1
    return str(gates[0]["id"]).removeprefix("g_")[:6]


@pytest.mark.parametrize("command", [c for c in MODULES if c != "demo"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    """`--help` of each command and of each below it shows how it is called."""
    group = main.get_command(click.Context(main), command)
    below = getattr(group, "commands", None)
    for path in [[command, name] for name in below] if below else [[command]]:
        shown = run(*path, "--help")
        assert shown.returncode == 0
        assert f"Example: jenkins-mfa {' '.join(path)}" in shown.stdout


def test_version_as_text_and_as_json() -> None:
    """Agent, library and contract."""
    assert "contract 1" in process("version").stdout
    assert json.loads(process("version", "--json").stdout)["v"] == 1


def test_a_command_waits_for_nothing_that_another_one_needs() -> None:
    """A container asks for its health every few seconds: that loads neither Slack nor the store."""
    script = (
        "import sys; from jenkins_mfa.cli import main; main(['health', '--help'], standalone_mode=False);"
        "print({'redis', 'slack_bolt', 'uvicorn'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


def test_a_mistyped_command_gets_the_nearest(tmp_path: Path) -> None:
    """Exit code 2 for usage."""
    found = process("pendin")
    assert found.returncode == 2
    assert "pending" in found.stderr


def test_a_configuration_that_cannot_be_used_exits_2(tmp_path: Path) -> None:
    """All problems on stderr, nothing started."""
    path = write(tmp_path)
    edit(path, ("poll_seconds", "poll_second"))
    for command in ("run", "pending"):
        found = process(command, "--config", path)
        assert found.returncode == 2
        assert "nearest: poll_seconds" in found.stderr
    as_json = run("pending", "--json", "--config", path)
    assert json.loads(as_json.stdout)["error"]["code"] == "configuration"


def test_a_store_that_is_away_exits_3(tmp_path: Path) -> None:
    """Unreachable: a sentence, nothing changed."""
    path = with_keys(write(tmp_path))
    for command in ("run", "pending"):
        found = process(command, "--config", path)
        assert found.returncode == 3, found.stderr
        assert "Traceback" not in found.stderr


def test_missing_keys_exit_2_and_say_how_to_make_them(tmp_path: Path) -> None:
    """The mend is a command."""
    found = process("run", "--config", write(tmp_path))
    assert found.returncode == 2
    assert "jenkins-mfa keys generate" in found.stderr


def test_keys_are_made_listed_and_published(tmp_path: Path) -> None:
    """generate, list, public as JWKS and as the library's Trust class."""
    path = write(tmp_path, store=f"embedded:{tmp_path / 'store'}")
    assert run("keys", "generate", "--config", path).returncode == 0
    rows = json.loads(run("keys", "list", "--json", "--config", path).stdout)["keys"]
    assert [(row["kid"], row["state"]) for row in rows] == [("k1", "signs")]
    jwks = json.loads(run("keys", "public", "--config", path).stdout)
    assert [(key["kid"], key["kty"], key["crv"]) for key in jwks["keys"]] == [("k1", "OKP", "Ed25519")]
    assert "d" not in jwks["keys"][0]
    library = tmp_path / "library"
    library.mkdir()
    assert run("keys", "public", "--library", library, "--config", path).returncode == 0
    trust = (library / "src" / "mfa" / "Trust.groovy").read_text()
    assert "'mfa:demo'" in trust
    assert "PRIVATE" not in trust


def test_pending_and_show(world: World, waiting: str) -> None:
    """The same in the terminal as in Slack; unknown ids exit 1."""
    shown = run("pending", "--config", world.config_path)
    assert shown.returncode == 0
    assert "deploy-staging" in shown.stdout
    assert "Dan Fox" in shown.stdout
    one = run("show", waiting, "--config", world.config_path)
    assert one.returncode == 0
    assert re.search(r"\n    \d\d:\d\d:\d\d Opened\.\n", one.stdout)
    whole = json.loads(run("show", waiting, "--json", "--config", world.config_path).stdout)
    assert whole["state"] == "pending"
    assert whole["facts"]["run"]["pipeline"] == "deploy-staging"
    same = run("show", "--run", "deploy-staging", "1", "--json", "--config", world.config_path)
    assert json.loads(same.stdout) == whole
    assert run("show", "--run", "deploy-staging", "99", "--config", world.config_path).returncode == 1
    assert run("show", "--config", world.config_path).returncode == 2
    for unknown in ("ffff", "ff", "../x"):
        assert run("show", unknown, "--config", world.config_path).returncode == 1


def test_a_gate_is_explained(world: World, waiting: str) -> None:
    """What it asks for, who can answer, every rule; unknown gates exit 1."""
    told = run("policy", "explain", waiting, "--config", world.config_path)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("Needs confirmation: “deploy-staging” #1.\n")
    for line in (
        "    Missing 1: 1 of release with a tap (rule staging).",
        "        Can still answer with a tap: Alice Wu, Bob Ray and Carol Diaz.",
        "    Rule staging applies.",
        "    Rule production does not match.",
    ):
        assert f"\n{line}" in told.stdout, told.stdout
    whole = json.loads(run("policy", "explain", waiting, "--json", "--config", world.config_path).stdout)
    assert (whole["v"], whole["whole"]) == (1, True)
    assert run("policy", "explain", "ffff", "--config", world.config_path).returncode == 1


def test_a_damaged_gate_is_named_with_its_mend(world: World, waiting: str) -> None:
    """`pending` and `check` show what stands still, and what to do about it."""
    with client_for(configuration.load(world.config_path).store.url) as client:
        (key,) = client.keys(f"*:gate:g_{waiting}*")
        seal = client.hget(key, "seal")
        client.hset(key, "seal", "0" * 64)
        shown = run("pending", "--config", world.config_path)
        as_json = json.loads(run("pending", "--json", "--config", world.config_path).stdout)
        checked = run("check", "--config", world.config_path)
        client.hset(key, "seal", seal)
    assert f"Damaged: gate:g_{waiting}" in shown.stdout
    assert "abort its build in Jenkins" in shown.stdout
    assert [row["record"][:13] for row in as_json["damaged"]] == [f"gate:g_{waiting}"]
    assert as_json["gates"] == []
    assert checked.returncode == 1
    assert "does not carry our seal" in checked.stdout
    assert run("show", waiting, "--config", world.config_path).returncode == 0


def test_check_is_right_and_finds_what_is_not(world: World) -> None:
    """Exit 0 with every part right; 1 with a finding and its mend."""
    found = run("check", "--config", world.config_path)
    assert found.returncode == 0, found.stdout
    looked = json.loads(run("check", "--json", "--config", world.config_path).stdout)
    assert looked["ok"] is True
    assert {one["subject"] for one in looked["findings"]} >= {
        "config",
        "secrets",
        "store",
        "people",
        "source main",
        "slack",
    }
    world.slack.set_user("U0BOB", deleted=True)
    world.slack.archive("C0OPS")
    broken = run("check", "--config", world.config_path)
    world.slack.set_user("U0BOB")
    world.slack.archive("C0OPS", archived=False)
    assert broken.returncode == 1
    assert "Bob Ray" in broken.stdout
    assert "archived" in broken.stdout
    assert "mend" in broken.stdout


def test_the_trail_is_shown_and_verified(world: World, waiting: str) -> None:
    """tail prints events, verify follows the chain."""
    tail = run("audit", "tail", "-n", "3", "--config", world.config_path)
    assert len(tail.stdout.splitlines()) == 3
    lines = run("audit", "tail", "--json", "--config", world.config_path).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    assert {"agent:started", "gate:opened"} <= {event["event"] for event in events}
    assert all(re.fullmatch(r"[\d-]{10}T[\d:.]{12}Z", event["at"]) for event in events)
    assert re.search(
        r"^\d+  [\d-]{10}T[\d:.]{12}Z  Opened\.  [0-9a-f]{4}, “deploy-staging” #1$", tail.stdout, re.MULTILINE
    )
    right = run("audit", "verify", "--config", world.config_path)
    assert right.returncode == 0
    assert right.stdout.startswith("Right: events 1 to ")


def test_s13_a_changed_trail_is_found(world: World, waiting: str) -> None:
    """S13: the first changed event is named; exit 1."""
    import redis

    socket = world.server.url.removeprefix("unix://")
    client = redis.Redis(unix_socket_path=socket)
    stream = "{mfa}:audit"
    saved = client.xrange(stream)
    number, fields = saved[2]
    client.delete(stream)
    for at, row in saved:
        changed = {**row, b"event": row[b"event"].replace(b"demo", b"root")} if at == number else row
        client.xadd(stream, changed, id=at)
    found = run("audit", "verify", "--config", world.config_path)
    client.delete(stream)
    for at, row in saved:
        client.xadd(stream, row, id=at)
    client.close()
    assert fields
    assert found.returncode == 1
    assert "event 3 is changed" in found.stdout
    assert run("audit", "verify", "--config", world.config_path).returncode == 0


def test_authenticators_are_listed_and_revoked(world: World) -> None:
    """No secret in the list; a revoked one is no longer in use; an unknown one exits 4."""
    rows = json.loads(run("authenticators", "list", "--json", "--config", world.config_path).stdout)["authenticators"]
    carol = next(row for row in rows if row["person"] == "carol")
    assert not any(seed in json.dumps(rows) for seed in world.seeds.values())
    revoked = run("authenticators", "revoke", "carol", carol["id"], "--config", world.config_path)
    assert revoked.returncode == 0
    again = run("authenticators", "revoke", "carol", carol["id"], "--config", world.config_path)
    assert again.returncode == 4


def test_a_lock_is_lifted_at_the_terminal(world: World) -> None:
    """Exit 4 where nothing is locked or nobody is meant; the login stands in the trail."""
    unlock = ("authenticators", "unlock", "bob", "--config", world.config_path)
    assert (run(*unlock).returncode, run(*unlock[:2], "zoe", *unlock[3:]).returncode) == (4, 4)
    config = configuration.load(world.config_path)
    with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
        record = desk.store.person("bob")
        locked = replace(record, version=record.version + 1, failures=challenge.DISABLED_AT)
        desk.store.commit(Commit("locked", (locked,)))
    done = run(*unlock)
    assert (done.returncode, done.stdout) == (0, "Done: the codes of Bob Ray count again. They and ops are told.\n")
    newest = json.loads(run("audit", "tail", "-n", "1", "--json", "--config", world.config_path).stdout)
    assert (newest["event"], newest["details"]["person"]) == ("authenticator:unlocked", "bob")
    assert newest["actor"].startswith("operator:")


def test_a_lost_phone_is_suspended_at_the_terminal(world: World) -> None:
    """It is listed as suspended from then on; somebody of whom nothing is known is a usage error."""
    found = run("authenticators", "suspend", "bob", "--config", world.config_path)
    assert (found.returncode, found.stdout) == (0, "All that bob answers with is suspended: 2 in use.\n")
    rows = json.loads(run("authenticators", "list", "--json", "--config", world.config_path).stdout)["authenticators"]
    assert [row["state"] for row in rows if row["person"] == "bob"] == ["suspended", "suspended"]
    assert re.search(r"^bob +totp +a_\w+ +suspended since .*, last used ", listed(world), re.MULTILINE)
    unknown = run("authenticators", "suspend", "nobody", "--config", world.config_path)
    assert unknown.returncode == 2
    assert "Known: alice" in unknown.stderr


def listed(world: World) -> str:
    return run("authenticators", "list", "--config", world.config_path).stdout


def test_a_damaged_person_hides_no_other(world: World) -> None:
    """Named, with what to do; whoever is damaged is not said to be without one."""
    with client_for(configuration.load(world.config_path).store.url) as client:
        (key,) = client.keys("*:auth:carol")
        seal = client.hget(key, "seal")
        client.hset(key, "seal", "0" * 64)
        shown = run("authenticators", "list", "--config", world.config_path)
        as_json = json.loads(run("authenticators", "list", "--json", "--config", world.config_path).stdout)
        client.hset(key, "seal", seal)
    assert "Damaged: auth:carol" in shown.stdout
    assert "\nbob " in shown.stdout
    assert "carol" not in shown.stdout.partition("Without an authenticator")[2]
    assert [row["record"] for row in as_json["damaged"]] == ["auth:carol"]
    assert {row["person"] for row in as_json["authenticators"]} >= {"bob"}


def test_enrolment_needs_a_terminal(world: World) -> None:
    """The key must not end up in a log."""
    found = run("enroll", "local", "eve", "--config", world.config_path)
    assert found.returncode == 2
    assert "terminal" in found.stderr


def enrol_at_a_terminal(world: World, name: str, code_for: str | None) -> tuple[int, str]:
    """Run `enroll local` on a pseudo-terminal; `code_for` None answers with the right code."""
    seeds: list[str] = []

    def answer(since: str) -> str:
        seeds.extend(found.replace(" ", "") for found in re.findall(r"Text key: ((?:[A-Z2-7]{4} ?)+)", since))
        if not since.endswith("Code: "):
            return ""
        return f"{code_for or totp.code_at(seeds[-1], int(time.time()))}\n"

    return at_terminal("enroll", "local", name, config=world.config_path, answer=answer)


def test_a_person_is_enrolled_at_the_terminal(world: World) -> None:
    """QR and key are shown once; one right code proves it; the trail calls it root of trust."""
    code, shown = enrol_at_a_terminal(world, "dan", None)
    assert code == 0, shown
    assert "Right. dan can now answer with a code" in shown
    # The agent may have its own word in the trail meanwhile: that it knows the receipt key.
    tail = run("audit", "tail", "-n", "3", "--config", world.config_path).stdout
    assert "Dan Fox can answer with a code from now on, enrolled by “operator:" in tail
    lines = run("audit", "tail", "-n", "3", "--json", "--config", world.config_path).stdout.splitlines()
    reasons = {event["event"]: event["details"].get("reason") for event in map(json.loads, lines)}
    assert reasons["authenticator:enrolled"] == "root of trust"


def test_three_wrong_codes_enrol_nobody(world: World) -> None:
    """Exit 4, nothing kept."""
    code, shown = enrol_at_a_terminal(world, "eve", "000000")
    assert code == 4
    assert "Nothing was kept." in shown
    rows = json.loads(run("authenticators", "list", "--json", "--config", world.config_path).stdout)["authenticators"]
    assert not any(row["person"] == "eve" for row in rows)


def waits(world: World, by: str) -> str:
    """Eve has one more code app that waits, which `by` let her enrol; its id."""
    config = configuration.load(world.config_path)
    with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
        record, now = desk.store.person("eve"), desk.store.now()
        one = Authenticator(f"a_{desk.randomness.hex(8)}", Factor.TOTP, "", now, by=by, waits_until=now + 3_600_000)
        after = replace(record, version=record.version + 1, authenticators=(*record.authenticators, one))
        desk.store.commit(Commit(one.id, (after,)))
    return one.id


def test_second_admin_the_operator_confirms_at_the_terminal(world: World) -> None:
    """What waits is listed; the operator who let it in does not confirm it, another one does, once."""
    options = ("--config", world.config_path)
    mine = waits(world, by=seat.operator())
    assert f"Code app ({mine}) of Eve Lin, invited by “{seat.operator()}”, waits" in run("pending", *options).stdout
    refused = run("enroll", "confirm", "eve", *options)
    assert (refused.returncode, refused.stderr) == (
        4,
        "Not done: you let them enrol it, so a second administrator confirms it.\n",
    )
    theirs = waits(world, by="bob")
    (first, second) = json.loads(run("pending", "--json", *options).stdout)["unconfirmed"]
    assert (first["authenticator"], second["authenticator"]) == (mine, theirs)
    assert {"person": "eve", "kind": "totp", "by": "bob"}.items() <= second.items()
    assert re.search(rf"^eve +totp +{theirs} +waits +since", listed(world), re.MULTILINE)
    done = run("enroll", "confirm", "eve", *options)
    assert (done.returncode, done.stdout) == (
        0,
        f"Done: {theirs} of Eve Lin counts from now on. They and ops are told.\n",
    )
    assert run("enroll", "confirm", "eve", *options).returncode == 4
    assert re.search(rf"^eve +totp +{theirs} +in use", listed(world), re.MULTILINE)
    assert run("authenticators", "revoke", "eve", mine, *options).returncode == 0
