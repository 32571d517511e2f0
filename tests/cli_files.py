"""A configuration on disk for tests of files and commands."""

from __future__ import annotations

import time
from pathlib import Path

from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.demo import files

TOKENS = {"jenkins.token": "jenkins-secret", "slack-bot.token": "xoxb-1-secret", "slack-app.token": "xapp-1-secret"}


def write(folder: Path, **changes: str) -> Path:
    """The demo's files in `folder`; `changes` replace whole files by their stem, or the addresses of the demo."""
    addresses = {"store": "redis://127.0.0.1:1/0", "jenkins": "http://127.0.0.1:1/", "slack": "http://127.0.0.1:1/api/"}
    addresses |= {name: changes.pop(name) for name in list(changes) if name in addresses}
    path = files.write(folder, tokens=TOKENS, **addresses)
    for stem, text in changes.items():
        (folder / f"{stem}.toml").write_text(text)
    return path


def without_pages(path: Path) -> Path:
    """The same without the agent's own pages: the table is the file's last."""
    path.write_text(path.read_text().partition("\n[web]\n")[0])
    return path


def with_keys(path: Path) -> Path:
    """The same with keys."""
    key_files.generate(configuration.load(path).keys, int(time.time()))
    return path


def edit(path: Path, *pairs: tuple[str, str]) -> None:
    """Replace pieces of a file; each must be there."""
    text = path.read_text()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)
