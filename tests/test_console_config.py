"""[console]: every fault has its sentence; without the table there is no console."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_files import edit, without_pages, write
from jenkins_mfa import config as configuration
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.web.console.settings import Console, SlackSignIn

WEB = ("[web]", 'listen = "127.0.0.1:8443"', 'url = "https://mfa.example.com"', 'proxies = ["10.0.0.1"]')
LOCAL = ("[web]", 'listen = "127.0.0.1:8443"', 'url = "http://localhost:8443"')
CLIENT, SECRET = 'slack_client_id = "21.69"', 'slack_client_secret_file = "slack-client.secret"'


def read(folder: Path, *lines: str) -> Console | None:
    path = without_pages(write(folder))
    path.write_text(path.read_text() + "\n" + "\n".join(lines) + "\n")
    return configuration.load(path).console


def test_without_the_table_there_is_none(tmp_path: Path) -> None:
    """Pages alone are no console."""
    assert read(tmp_path, *WEB) is None


def test_an_empty_table_turns_it_on(tmp_path: Path) -> None:
    """For passkeys."""
    assert read(tmp_path, *LOCAL, "[console]") == Console()


def test_with_slack_and_a_proxy(tmp_path: Path) -> None:
    """Slack is where its API is; the secret stays in its file."""
    found = read(tmp_path, *WEB, "[console]", CLIENT, SECRET, 'identity_header = "X-Auth-Request-Email"')
    slack = SlackSignIn("http://127.0.0.1:1", "T0DEMO", "21.69", tmp_path / "slack-client.secret")
    assert found == Console(slack, "X-Auth-Request-Email")
    assert "simulated-client-secret" not in repr(found)


@pytest.mark.parametrize("jenkins", ["url", "public_url"])
@pytest.mark.parametrize(
    ("host", "lines", "refused"),
    [
        ("mfa.example.com", (*WEB, "[console]"), True),
        ("mfa.example.com:8080", (*WEB, "[console]"), True),
        ("MFA.example.com/jenkins", (*WEB, "[console]"), True),
        ("mfa.example.com", (*WEB[:2], 'url = "https://mfa.example.com/mfa"', WEB[3]), True),
        ("mfa.example.com", WEB, False),
        ("jenkins.example.com", (*WEB, "[console]"), False),
        ("localhost:8080", (*LOCAL, "[console]"), False),
    ],
)
def test_jenkins_at_the_host_of_the_console(
    tmp_path: Path, jenkins: str, host: str, lines: tuple[str, ...], refused: bool
) -> None:
    """T2: browsers send cookies to all ports of a host, and pages of one origin act for each other. Whoever administers
    Jenkins, or has it show a page, would tap for whoever is signed in to the console.
    """
    addresses = {"url": "http://127.0.0.1:1/"} | {jenkins: f"https://{host}/"}
    path = without_pages(write(tmp_path, jenkins=addresses["url"]))
    edit(path, ("poll_seconds", f'public_url = "{addresses.get("public_url", addresses["url"])}"\npoll_seconds'))
    path.write_text(path.read_text() + "\n" + "\n".join(lines) + "\n")
    if not refused:
        configuration.load(path)
        return
    with pytest.raises(ConfigError, match=r"url: source main is at mfa.example.com, too.*mend: a host name of its own"):
        configuration.load(path)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("[console]",), "the console is one of the agent's pages, and there are none; mend: the table [web]"),
        ((*WEB, "[console]", CLIENT), "slack_client_secret_file is missing"),
        ((*WEB, "[console]", SECRET), "slack_client_id is missing"),
        ((*WEB, "[console]", 'slack_client_id = "mine"', SECRET), "allowed: a client id such as"),
        ((*WEB, "[console]", CLIENT, 'slack_client_secret_file = "none"'), "cannot be read"),
        ((*WEB, "[console]", 'identity_header = "X Mail"'), "allowed: a header's name such as"),
        ((*WEB, "[console]", 'identity_header = "Cookie"'), "this one says something else"),
        ((*LOCAL, "[console]", 'identity_header = "X-Mail"'), "nobody is named whose word counts; mend: [web] proxies"),
        ((*WEB, "[console]", "on = true"), "this key is not known"),
    ],
)
def test_a_fault_is_told_with_its_mend(tmp_path: Path, lines: tuple[str, ...], told: str) -> None:
    """One sentence with the place, what was seen and what is allowed."""
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, *lines)
    assert any("[console]" in problem and told in problem for problem in raised.value.problems), raised.value.problems
