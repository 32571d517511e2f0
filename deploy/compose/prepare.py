"""Writes what the parts of compose.yaml need of each other and is not there yet: tokens, keys, the library.

Runs as root in the agent's image, once before each start; whatever it writes belongs to whom it is for.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from jenkins_mfa.simulators.slack import SlackSimulator

HERE = Path(__file__).parent
AGENT, JENKINS = 65532, 1000  #: the users of the two images
TOMLS = ("config.toml", "policy.toml", "roster.toml")
#: What the simulated Slack takes; a real workspace's stand in files of these names in secrets/.
SIMULATED = {"slack-bot.token": SlackSimulator.bot_token, "slack-app.token": SlackSimulator.app_token}
PEOPLE = ("admin", "dev", "agent")  #: accounts in Jenkins that get a password


def main(config: Path, handed: Path, library: Path) -> None:
    """`config` is the agent's directory, `handed` what Jenkins is told, `library` where its git repository is."""
    for name in TOMLS:
        shutil.copyfile(HERE / "config" / name, config / name)
    for name, simulated in SIMULATED.items():
        own = HERE / "secrets" / name
        write(config / name, own.read_text() if own.exists() else simulated)
    if not (config / "jenkins.token").exists():
        write(config / "jenkins.token", "11" + secrets.token_hex(16))  # the form of Jenkins' API tokens
        for account in PEOPLE:
            write(handed / f"{account}.password", secrets.token_urlsafe(12))
    write(handed / "agent.token", (config / "jenkins.token").read_text())
    if not (config / "keys" / "keys.json").exists():
        mfa(config, "keys", "generate")
    mfa(config, "init", "--library", str(library / "mfa"))
    for folder, user in ((config, AGENT), (handed, JENKINS), (library, JENKINS)):
        belongs(folder, user)
    admin, dev = ((handed / f"{account}.password").read_text() for account in PEOPLE[:2])
    print(f"Jenkins: http://localhost:8080/ as dev, password {dev}, or as admin, password {admin}")
    print("Slack, where it is simulated: http://127.0.0.1:8090/")


def mfa(config: Path, *arguments: str) -> None:
    """One of the agent's commands."""
    command = [sys.executable, "-m", "jenkins_mfa", *arguments, "--config", str(config / "config.toml")]
    subprocess.run(command, check=True)  # noqa: S603


def write(path: Path, text: str) -> None:
    """A secret, its owner's alone."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)


def belongs(folder: Path, user: int) -> None:
    """Give it away, with all that is in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user)


if __name__ == "__main__":
    main(Path("/etc/jenkins-mfa"), Path("/handed"), Path("/library"))
