"""The first files of an installation, as `jenkins-mfa init` writes them: from the answers to its questions. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from urllib.parse import quote

NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_yaml="  #: Slack's page, with a manifest filled in
APP_NAME = 35  #: characters of an app's name that Slack takes


@dataclass(frozen=True, slots=True)
class Answers:
    """What `init` asks. `person` is the first approver's id in the roster; addresses are whole."""

    installation: str
    jenkins_url: str
    public_url: str
    jenkins_user: str
    library_remote: str
    slack_team: str
    slack_channel: str
    slack_ops_channel: str
    store_url: str
    person: str
    name: str
    slack_user: str
    jenkins_login: str
    operator: str


def toml(answers: Answers, template: str) -> str:
    """One of the TOML files; `template` has `$field` where a value of `Answers` belongs."""
    values = {field: _quoted(getattr(answers, field)) for field in Answers.__dataclass_fields__}
    return Template(template).substitute(values, slack=_quoted(f"slack:{answers.slack_team}"))


def manifest(answers: Answers, shipped: str) -> str:
    """The Slack app's manifest, named after the installation, so that two of them can be told apart in Slack."""
    name = f"jenkins-mfa {answers.installation}"[:APP_NAME].rstrip("- ")
    return shipped.replace("  name: jenkins-mfa\n", f"  name: {name}\n", 1)


def new_app(manifest_text: str) -> str:
    """The address of Slack's page that makes the app, with the manifest filled in."""
    lines = [re.sub(r" +#.*", "", line) for line in manifest_text.splitlines() if not line.startswith("#")]
    return NEW_APP + quote("\n".join(lines))


def casc(answers: Answers, shipped: str) -> str:
    """The Jenkins side as configuration as code."""
    replaced: Mapping[str, str] = {
        "https://jenkins.example.com/": answers.public_url.rstrip("/") + "/",
        "https://git.example.com/ops/jenkins-mfa-library.git": answers.library_remote,
        'name: "mfa-agent"': f"name: {_quoted(answers.jenkins_user)}",
        "log in as mfa-agent": f"log in as {answers.jenkins_user}",
    }
    for old, new in replaced.items():
        shipped = shipped.replace(old, new)
    return shipped


def _quoted(text: str) -> str:
    """A text as TOML and YAML write it: both take JSON's quotes, but for DEL, which the files' readers refuse."""
    return json.dumps(text, ensure_ascii=False)
