"""[console] of config.toml → who may sign in to the console. Absent: there is none."""

from __future__ import annotations

from collections.abc import Callable

from jenkins_mfa.secret_files import Secret
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table
from jenkins_mfa.web.console.settings import Console, SlackSignIn
from jenkins_mfa.web.settings import Settings

NO_PAGES = "the console is one of the agent's pages, and there are none; mend: the table [web]"
NO_PROXY = "nobody is named whose word counts; mend: [web] proxies with the address of the proxy that sets it"
HEADER = "a header's name such as X-Auth-Request-Email"
#: What browsers send by themselves, or the proxy says of something else: no name of anybody.
TAKEN = frozenset(
    {"host", "cookie", "origin", "authorization", "user-agent", "referer", "x-forwarded-for", "x-forwarded-proto"}
)

Read = Callable[[Table, str], Secret]  #: of the file that a key names; empty after a problem, or if not wanted


def console(root: Table, read: Read, pages: Settings | None, slack_api: str, team: str) -> Console | None:
    """The settings; None where there is no [console], or one with problems, which are noted. `pages` are None where
    there are none, or [web] has problems of its own. Slack is asked where its API is.
    """
    if "console" not in root:
        return None
    table = root.table("console")
    before = len(table.problems.found)
    if "web" not in root:
        table.fault("", NO_PAGES)
    slack = _slack(table, read, slack_api, team)
    header = _header(table, pages)
    table.done()
    return Console(slack, header) if len(table.problems.found) == before else None


def _slack(table: Table, read: Read, api: str, team: str) -> SlackSignIn | None:
    """Both keys or none."""
    given = [key for key in ("slack_client_id", "slack_client_secret_file") if key in table]
    if not given:
        return None
    client = table.text("slack_client_id", pattern=r"[0-9]+\.[0-9]+", allowed="a client id such as 2141.6926")
    secret = read(table, "slack_client_secret_file")
    return SlackSignIn(api.removesuffix("/").removesuffix("/api"), team, client, secret.file)


def _header(table: Table, pages: Settings | None) -> str:
    if "identity_header" not in table:
        return ""
    name = table.text("identity_header", pattern=r"[A-Za-z][A-Za-z0-9-]{1,63}", allowed=HEADER)
    if name.lower() in TAKEN:
        table.fault("identity_header", f"seen: {seen(name)}; this one says something else; allowed: {HEADER}")
    if name and pages is not None and not pages.proxies:
        table.fault("identity_header", NO_PROXY)
    return name
