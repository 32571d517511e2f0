"""`policy check`: exit codes, findings with their mends, what loosens, and a file that is not in place yet."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli_files import edit, without_pages, write
from jenkins_mfa.cli import main
from jenkins_mfa.core.policy import Roster, analysis
from jenkins_mfa.core.policy.analysis import Remark
from jenkins_mfa.words import findings, render

RULE = '\n[[rules]]\nname = "{name}"\nwhen = {{ {when} }}\n{asks}\n'


def check(folder: Path, *options: str) -> Result:
    """One call; secrets are taken away first, as nothing may need them."""
    for secret in folder.glob("*.token"):
        secret.unlink()
    return CliRunner().invoke(main, ["policy", "check", "--config", str(folder / "config.toml"), *options])


def add(folder: Path, name: str, when: str, asks: str) -> None:
    """One more rule in the policy."""
    policy = folder / "policy.toml"
    policy.write_text(policy.read_text() + RULE.format(name=name, when=when, asks=asks))


def test_what_loosens_is_listed_and_is_no_finding(tmp_path: Path) -> None:
    """A policy that can be used exits 0; everything that loosens stands there each time."""
    write(tmp_path)
    add(tmp_path, "nightly", 'pipeline = "x", only_triggers = "schedule"', 'confirm = "none"')
    found = check(tmp_path, "--strict")
    assert found.exit_code == 0, found.output
    assert found.output.startswith("right    policy        10 rules and [default], 5 people\n")
    assert "right    loosens       rule nightly lets gates pass by themselves\n" in found.output
    assert found.output.endswith("All right.\n")


def test_a_finding_has_its_mend_and_changes_the_exit_code_where_that_is_wanted(tmp_path: Path) -> None:
    """For CI there is --strict."""
    write(tmp_path)
    without_pages(tmp_path / "config.toml")
    add(
        tmp_path,
        "twice",
        'pipeline = "a", all = [{ pipeline = "b" }]',
        'require = [{ factor = "webauthn", approvers = ["bob"] }]',
    )
    assert check(tmp_path).exit_code == 0
    found = check(tmp_path, "--strict")
    assert found.exit_code == 1
    told = " ".join(found.output.split())
    assert "warning policy rule twice can never match: pipeline = a and pipeline = b cannot both hold mend" in told
    assert "rule twice asks for a security key, which is not there yet" in told
    looked = json.loads(check(tmp_path, "--json").output)
    assert looked["ok"] is False
    assert all(one["severity"] == "information" or one["mend"] for one in looked["findings"])


def test_a_policy_that_cannot_be_used_exits_2_with_all_its_problems(tmp_path: Path) -> None:
    """Each with line, key, what was seen and what is allowed."""
    write(tmp_path)
    edit(tmp_path / "policy.toml", ('factor = "webauthn"', 'factor = "sms"'), ("ttl_seconds = 3\n", "ttl_second = 3\n"))
    found = check(tmp_path)
    assert found.exit_code == 2
    assert found.output.count("policy.toml line ") == 2
    assert "nearest: ttl_seconds" in found.output


def test_a_file_is_looked_at_before_it_is_put_in_place(tmp_path: Path) -> None:
    """The one in place may be broken meanwhile, and stays as it is."""
    write(tmp_path)
    good = tmp_path / "new.toml"
    good.write_text((tmp_path / "policy.toml").read_text())
    (tmp_path / "policy.toml").write_text("broken")
    assert check(tmp_path).exit_code == 2
    assert check(tmp_path, str(good)).exit_code == 0
    assert check(tmp_path, str(tmp_path / "none.toml")).exit_code == 2


def test_an_exemption_that_has_ended_is_refused(tmp_path: Path) -> None:
    """A running agent keeps it, where it does nothing; nobody puts it in place anew."""
    write(tmp_path)
    ended = 'name = "old"\nrules = "*"\nwhen = { pipeline = "x" }\nuntil = 2020-01-01T00:00:00Z\nreason = "once"\n'
    policy = tmp_path / "policy.toml"
    policy.write_text(f"{policy.read_text()}[[exemptions]]\n{ended}")
    found = check(tmp_path)
    assert found.exit_code == 2
    assert 'name = "old" until: it has ended; take the exemption out' in " ".join(found.output.split())


def test_the_whole_check_tells_the_policy_in_one_line(tmp_path: Path) -> None:
    """`check` names what was found and where more is told."""
    write(tmp_path)
    add(tmp_path, "lone", 'pipeline = "x"', 'require = [{ factor = "totp", approvers = ["bob"] }]')
    found = CliRunner().invoke(main, ["check", "--config", str(tmp_path / "config.toml"), "--json"])
    (one,) = [one for one in json.loads(found.output)["findings"] if one["subject"] == "policy"]
    assert one == {
        "id": "policy.remarks",
        "severity": "warning",
        "subject": "policy",
        "evidence": "lone (no other); 9 things loosen",
        "mend": "jenkins-mfa policy check",
        "link": "docs/policy.md#before-a-policy-is-put-in-place",
    }


CODES = sorted(set(re.findall(r'Remark\(\s*"(?:finding|loosens)", "(\w+)"', inspect.getsource(analysis))))


def test_every_remark_has_words() -> None:
    """No code without a sentence, no sentence without a code; findings have a mend, what is meant so has none."""
    assert set(CODES) == set(findings.SAYINGS)


@pytest.mark.parametrize("code", CODES)
def test_remarks_are_one_line_of_plain_words(code: str) -> None:
    """Whatever an operator has written into a name or a reason."""
    hostile = "x\n\u202e\x1b[2Jy"
    values = dict.fromkeys(("one", "other", "needed", "pattern", "rules", "reason", "keys"), hostile)
    remark = Remark("finding", code, hostile, values | {"factor": "totp", "until": "1"}, ("a", "b"))
    for words in (findings.sentence, findings.mend):
        told = render.terminal(words(remark, Roster({})))
        assert not set("\n\u202e\x1b") & set(told)
