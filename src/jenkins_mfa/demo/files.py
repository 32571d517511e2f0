"""The demo's configuration: written as an operator would write it, into a throw-away directory."""

from __future__ import annotations

import os
from pathlib import Path

CHANNEL, OPS, TEAM = "C0DEPLOYS", "C0OPS", "T0DEMO"
#: The demo's app at the simulated Slack, with which people sign in to the console.
CLIENT, CLIENT_SECRET = "2141029472.6926011", "simulated-client-secret"

#: roster id, name, groups, Slack user, Jenkins user
PEOPLE = (
    ("alice", "Alice Wu", ("release",), "U0ALICE", "awu"),
    ("bob", "Bob Ray", ("release", "security"), "U0BOB", "bray"),
    ("carol", "Carol Diaz", ("release", "security"), "U0CAROL", "cdiaz"),
    ("dan", "Dan Fox", ("developers",), "U0DAN", "dev"),
    ("eve", "Eve Lin", ("developers",), "U0EVE", "elin"),
)

CONFIG = """\
installation = "demo"

[store]
url = "{store}"
prefix = "mfa"
durability = "always"

[[sources]]
id = "main"
kind = "jenkins"
url = "{jenkins}"
user = "mfa-agent"
token_file = "jenkins.token"
poll_seconds = 0.5

[slack]
bot_token_file = "slack-bot.token"
app_token_file = "slack-app.token"
team = "{team}"
channel = "{channel}"
ops_channel = "{ops}"
api_url = "{slack}"

[keys]
dir = "keys"
vault_file = "vault.key"
hmac_file = "hmac.key"

[web]
listen = "127.0.0.1:{port}"
url = "{pages}"

[console]
slack_client_id = "{client}"
slack_client_secret_file = "slack-client.secret"
"""

POLICY = """\
version = 1
administrators = ["carol"]

[[environments]]
name = "production"
pipelines = ["deploy-prod"]

[[environments]]
name = "staging"
pipelines = ["deploy-staging"]
watch = ["REPLICAS"]

[variables]
at_first = "same"

[[rules]]
name = "production"
when = { environment = "production" }
require = [{ factor = "totp", approvers = ["group:release"] }]
ttl_seconds = 900

[[rules]]
name = "staging"
when = { environment = "staging" }
require = [{ factor = "push", approvers = ["group:release"] }]
ttl_seconds = 900

[[rules]]
name = "scaled"
when = { environment = "staging", changed_variables = "REPLICAS" }
require = [{ factor = "push", approvers = ["group:security"] }]

[[rules]]
name = "rotation"
when = { pipeline = "rotate-secrets" }
require = [
  { factor = "push", approvers = ["group:release"] },
  { factor = "push", approvers = ["group:security"] },
]

[[rules]]
name = "migration"
when = { pipeline = "migrate-database" }
require = [{ factor = "push+number", approvers = ["group:release"] }]

[[rules]]
name = "network"
when = { pipeline = "apply-network" }
require = [{ factor = "webauthn", approvers = ["group:security"] }]

[[rules]]
name = "housekeeping"
when = { pipeline = "clear-cache" }
confirm = "none"

[[rules]]
name = "short"
when = { pipeline = "deploy-late" }
require = [{ factor = "push", approvers = ["group:release"] }]
ttl_seconds = 3

[[rules]]
name = "emergency"
when = { environment = "production" }
break_glass = true
require = [{ factor = "totp", count = 2, approvers = ["alice", "bob", "carol"] }]
review_by = ["carol", "eve"]

[default]
require = [{ factor = "totp", count = 2, approvers = ["group:release"] }]
ttl_seconds = 900
"""


def write(directory: Path, *, store: str, jenkins: str, slack: str, tokens: dict[str, str], port: int = 8443) -> Path:
    """Write everything; returns the path of config.toml. `tokens` maps a file's name to its secret.

    The agent's own pages are at `port`.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, secret in (tokens | {"slack-client.secret": CLIENT_SECRET}).items():
        descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret + "\n")
    values = {"store": store, "jenkins": jenkins, "slack": slack, "team": TEAM, "channel": CHANNEL, "ops": OPS}
    values |= {"port": str(port), "pages": pages(port), "client": CLIENT}
    (directory / "policy.toml").write_text(POLICY)
    (directory / "roster.toml").write_text(_roster())
    path = directory / "config.toml"
    path.write_text(CONFIG.format(**values))
    return path


def pages(port: int) -> str:
    """Where the agent's own pages are: a name under which browsers allow security keys without TLS."""
    return f"http://localhost:{port}"


def console(port: int) -> str:
    """Where the console is."""
    return f"{pages(port)}/console"


def _roster() -> str:
    lines = ["version = 1", 'groups = ["release", "security", "developers"]', ""]
    for person, name, groups, slack, jenkins in PEOPLE:
        shown = ", ".join(f'"{group}"' for group in groups)
        address = f"{name.lower().replace(' ', '.')}@example.com"
        identities = f'{{ "slack:{TEAM}" = "{slack}", "jenkins:main" = "{jenkins}", "git:email" = "{address}" }}'
        lines += [f"[people.{person}]", f'name = "{name}"', f"groups = [{shown}]", f"identities = {identities}", ""]
    return "\n".join(lines)
