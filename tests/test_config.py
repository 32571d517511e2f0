"""Configuration: everything that is wrong is told at once, with file, place, what was seen and what is allowed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli_files import edit, with_keys, write
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files, secret_files
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.sources.jenkins.source import JenkinsSource
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.wiring import sources_of


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configuration.load(path)
    return caught.value.problems


def test_the_demos_files_are_right(tmp_path: Path) -> None:
    """A whole configuration is read into values; secrets do not show in it."""
    found = configuration.load(write(tmp_path))
    assert found.sources[0].id == "main"
    assert "jenkins-secret" not in repr(found)
    assert "xoxb" not in repr(found)
    assert len(found.policy.sha256) == 64


def test_an_address_in_commits_finds_a_person_in_any_case(tmp_path: Path) -> None:
    """Written in any case in the roster, asked for in lower case; a Jenkins login is compared exactly."""
    path = write(tmp_path)
    edit(tmp_path / "roster.toml", ('"bob.ray@example.com"', '"Bob.Ray@Example.com"'))
    config = configuration.load(path)
    source = sources_of(config, Rules(config.policy, config.roster))["main"]
    assert isinstance(source, JenkinsSource)
    assert (source.by_address("bob.ray@example.com"), source.by_address("bray"), source.by_address("")) == (
        "bob",
        None,
        None,
    )
    assert (source.who("bray"), source.who("Bray"), source.who("bob.ray@example.com")) == ("bob", None, None)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("config", "poll_seconds = 0.5", "poll_second = 0.5", "nearest: poll_seconds"),
        ("config", "poll_seconds = 0.5", 'poll_seconds = "fast"', "a number from 0.1 to 60"),
        ("config", 'team = "T0DEMO"', "team = 42", "seen: 42 (number)"),
        ("config", '"slack-app.token"', '"slack\\u0000app.token"', "[slack] app_token_file: seen:"),
        ("config", 'kind = "jenkins"', 'kind = "travis"', "one of jenkins"),
        ("config", 'durability = "always"', 'durability = "maybe"', "one of always, everysec, none"),
        ("config", "installation =", "instalation =", "nearest: installation, which is missing"),
        ("config", 'token_file = "jenkins.token"', 'token_file = "none.token"', "cannot be read"),
        ("config", 'url = "http://127.0.0.1:1/"', 'url = "http://user:pw@host/"', "without user or query"),
        ("config", "[store]", "[stores]", "nearest: store, which is missing"),
        ("config", "[store]", "[store", "line 3: not TOML at column 7: expected"),
        ("config", 'token_file = "jenkins.token"', 'token_file = "xoxb-1-2"', "looks like the token itself"),
        ("config", "installation =", "installation = 5 #", "seen: 5 (number)"),
        ("policy", 'factor = "totp"', 'factor = "sms"', "push, push+number, totp, webauthn"),
        ("policy", '"group:release"] }]\nttl_seconds = 3', '"group:relase"] }]\nttl_seconds = 3', "nobody is in it"),
        (
            "policy",
            'approvers = ["group:release"] }]\nttl_seconds = 3',
            "approvers = [] }]\nttl_seconds = 3",
            "seen: [] (list); allowed: a list of roster ids and group:NAME",
        ),
        ("policy", '"push", approvers', '"push", count = 0, approvers', "a number from 1 to 10"),
        ("policy", '"push", approvers', '"push", count = 9, approvers', "9 people are needed, 3 may approve"),
        ("policy", 'name = "short"', 'name = "staging"', "two rules have this name"),
        ("policy", 'pipeline = "deploy-late"', 'pipeline = "deploy-late", source = "mian"', "none of that name"),
        ("roster", '"U0BOB"', '"U0ALICE"', "already belongs to alice"),
        ("roster", '"bob.ray@example.com"', '"Alice.Wu@Example.com"', "already belongs to alice"),
        (
            "roster",
            '["release", "security"]\nidentities = { "slack:T0DEMO" = "U0BOB"',
            '["relase", "security"]\nidentities = { "slack:T0DEMO" = "U0BOB"',
            '"relase" is not known; allowed: developers, release, security',
        ),
        ("roster", '"jenkins:main" = "bray"', '"jenkins:other" = "bray"', "is not known"),
        ("roster", '"Bob Ray"', '"Bob *Ray*"', "without markup"),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_is_allowed(
    tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    """Each names the file, the table and the key."""
    path = write(tmp_path)
    edit(tmp_path / f"{file}.toml", (old, new))
    found = problems(path)
    assert any(told in problem for problem in found), found
    assert all(".toml" in problem for problem in found)


def test_the_line_is_that_of_the_table_meant(tmp_path: Path) -> None:
    """The rule `staging`, not the environment of that name; a missing key is told at its own table's header."""
    path = write(tmp_path)
    policy = tmp_path / "policy.toml"
    edit(
        policy,
        (
            'require = [{ factor = "push", approvers = ["group:release"] }]\nttl_seconds = 900',
            'factor = "sms"\nmode = "off"',
        ),
    )
    lines = policy.read_text().splitlines()
    factor, header = lines.index('factor = "sms"') + 1, lines.index('mode = "off"') + 1
    found = problems(path)
    assert any(problem.startswith(f"policy.toml line {factor} ") for problem in found), found
    assert any(problem.startswith(f"policy.toml line {header} ") and "mode" in problem for problem in found), found


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """One start, one report."""
    path = write(tmp_path)
    edit(path, ("poll_seconds = 0.5", "poll_second = 0.5"), ('team = "T0DEMO"', 'team = "nonsense"'))
    edit(tmp_path / "policy.toml", ('factor = "push"', 'factor = "sms"'))
    edit(tmp_path / "roster.toml", ('"Bob Ray"', '"Bob *Ray*"'))
    found = problems(path)
    assert [problem.split()[0] for problem in found] == [*["config.toml"] * 2, "roster.toml", *["policy.toml"] * 5]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("config", 'team = "T0DEMO"', 'team = "demo"', '[slack] team: seen: "demo" (text)'),
        ("config", 'team = "T0DEMO"', 'team = "T0OTHER"', '"slack:T0DEMO" is not known (also of bob, carol, dan, eve)'),
        ("config", 'id = "main"', 'id = "Main"', 'seen: "Main" (text)'),
        ("config", 'id = "main"', 'id = "other"', '"jenkins:main" is not known (also of bob, carol, dan, eve)'),
        ("config", "[[sources]]", "[[source]]", "nearest: sources, which is missing"),
        ("config", "[slack]", "[slak]", "nearest: slack, which is missing"),
        ("config", "[keys]", "[limits]\nmax_ttl = 0\n\n[keys]", "a number from 1 to 86400"),
        ("policy", '"group:release"] }]\nttl_seconds = 3\n', '"alcie"] }]\nttl_seconds = 3\n', "alcie"),
        (
            "policy",
            '"push", approvers = ["group:release"] }]\nttl_seconds = 3\n',
            '"push" }]\n',
            "approvers is missing",
        ),
        (
            "policy",
            'approvers = ["group:release"] }]\nttl_seconds = 3\n',
            'approvers = ["alice"], count = 2 }]\nttl_seconds = 3\n',
            "2 people are needed, 1 person may approve",
        ),
        (
            "roster",
            'groups = ["release", "security", "developers"]',
            'groups = ["security", "developers", "ops"]',
            '"release" is not known (also of bob, carol)',
        ),
        ("roster", "[people.alice]", "[people.alice", "not TOML"),
    ],
)
def test_one_cause_is_one_problem(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    """What only follows from a fault is not told; the operator mends what is named and is done."""
    path = write(tmp_path)
    edit(tmp_path / f"{file}.toml", (old, new))
    found = problems(path)
    assert told in found[0], found
    assert len(found) == 1, found


def test_an_address_is_shown_without_its_password(tmp_path: Path) -> None:
    """What was seen helps, what is secret in it does not."""
    path = write(tmp_path)
    edit(path, ("redis://", "reds://:hunter2@"), ('http://127.0.0.1:1/"', 'http://me:hunter2@host/"'))
    found = problems(path)
    assert len(found) == 2
    assert "hunter2" not in "".join(found)


def test_two_sources_with_one_name_are_told(tmp_path: Path) -> None:
    """The name is the key of everything else."""
    path = write(tmp_path)
    table = path.read_text().split("[[sources]]")[1].split("[slack]")[0]
    edit(path, ("[slack]", f"[[sources]]{table}[slack]"))
    assert any("two sources have this id" in problem for problem in problems(path))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_s16_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """S16: start-up refuses, and says how to mend it."""
    path = write(tmp_path)
    (tmp_path / "slack-bot.token").chmod(mode)
    (told,) = problems(path)
    assert "chmod 600" in told
    assert "xoxb" not in told


@pytest.mark.parametrize(
    ("mode", "owner", "me", "refused"),
    [
        (0o600, 1000, 1000, False),
        (0o400, 0, 0, False),
        (0o440, 0, 65532, False),
        (0o640, 0, 65532, False),
        (0o440, 0, 0, True),
        (0o440, 1000, 1000, True),
        (0o440, 1000, 65532, True),
        (0o460, 0, 65532, True),
        (0o444, 0, 65532, True),
    ],
)
def test_s16_what_root_hands_to_a_process_may_be_its_groups(mode: int, owner: int, me: int, refused: bool) -> None:
    """S16: Kubernetes mounts secrets as files of root, readable by the process's group; nothing else is let through."""
    assert secret_files.shared(mode, owner, me) is refused


def test_s16_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """S16 for keys: receipts, vault and HMAC."""
    path = with_keys(write(tmp_path))
    config = configuration.load(path)
    for name in ("vault.key", "hmac.key", "keys/k1.pem"):
        (tmp_path / name).chmod(0o644)
        with pytest.raises(ConfigError, match="chmod 600"):
            key_files.load(config.keys, config.installation)
        (tmp_path / name).chmod(0o600)
    key_files.load(config.keys, config.installation)


def test_generating_keys_never_replaces_one(tmp_path: Path) -> None:
    """A second key is added; vault and HMAC keys stay as they are; the newest signs first."""
    path = with_keys(write(tmp_path))
    before = {name: (tmp_path / name).read_bytes() for name in ("vault.key", "hmac.key", "keys/k1.pem")}
    config = configuration.load(path)
    assert key_files.generate(config.keys, int(time.time())).kid == "k2"
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    keys = key_files.load(config.keys, config.installation)
    assert [key.kid for key in keys.signing] == ["k2", "k1"]
    now = int(time.time()) + 1
    assert keys.signer(("k1",), now).kid == "k1"  # type: ignore[union-attr]
    assert keys.signer(("k1", "k2"), now).kid == "k2"  # type: ignore[union-attr]
    assert keys.signer(("k9",), now) is None
    assert keys.signer(("k2",), keys.signing[0].not_after) is None
    assert "PRIVATE" not in repr(keys)


@pytest.mark.parametrize("name", ["vault.key", "hmac.key", "keys/k1.pem", "keys/checkpoint.pem"])
@pytest.mark.parametrize("damage", ["", "not a key", "v1:AAAA"])
def test_a_damaged_key_file_is_refused_by_its_name(tmp_path: Path, name: str, damage: str) -> None:
    """Never "no factor enrolled", nor one key less: the operator mends."""
    path = with_keys(write(tmp_path))
    (tmp_path / name).write_text(damage)
    config = configuration.load(path)
    with pytest.raises(ConfigError) as caught:
        key_files.load(config.keys, config.installation)
    (problem,) = caught.value.problems
    assert Path(name).name in problem


def test_s15_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """S15: everything from outside has a maximum size."""
    path = write(tmp_path)
    (tmp_path / "policy.toml").write_text("#" * 2_000_000)
    assert any("bytes" in problem for problem in problems(path))


@pytest.mark.parametrize("part", ["a", '"a b"', "'a'", "a "])
def test_s15_a_key_of_thousands_of_parts_is_refused_at_once(tmp_path: Path, part: str) -> None:
    """S15: the standard library's reader would take hours for a file of the largest size."""
    path = write(tmp_path)
    (tmp_path / "policy.toml").write_text(".".join([part] * 100_000) + " = 1")
    began = time.process_time()
    assert any("a key has more than 100 parts" in problem for problem in problems(path))
    assert time.process_time() - began < 2


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.text(max_size=200), file=st.sampled_from(["config", "policy", "roster"]))
def test_junk_is_a_report_and_never_another_error(tmp_path: Path, junk: str, file: str) -> None:
    """Whatever stands in a file, only ConfigError comes out, or it is valid."""
    path = write(tmp_path)
    (tmp_path / f"{file}.toml").write_bytes(junk.encode(errors="surrogatepass"))
    with pytest.raises(ConfigError):
        configuration.load(path)
