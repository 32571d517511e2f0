"""The shared library on disk: its sources as they are shipped, and the class `Trust` of this installation."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import click

from jenkins_mfa import trust
from jenkins_mfa.cli.base import FINDING, Failed
from jenkins_mfa.cli.published import published_keys
from jenkins_mfa.config import Config
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.shipped import shipped

TRUST = Path("src") / "mfa" / "Trust.groovy"
PARTS = ("src", "vars", "examples", "README.md")


def lay_out(library: Path, config: Config, *, overwrite: bool) -> None:
    """Copy the library's sources into a folder and write its class Trust. Where they are, only Trust is written; what
    differs from this version is named, or replaced with `overwrite`. Nothing is, where the keys cannot be told.
    """
    keys = published_keys(config)
    origin = shipped("jenkinsfile-library")
    sources = [path.relative_to(origin) for part in PARTS for path in _files(origin / part)]
    stale = [str(path) for path in sources if path != TRUST and _differs(origin / path, library / path)]
    fresh = not (library / TRUST).exists()
    if fresh or overwrite:
        for path in sources:
            (library / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin / path, library / path)
    write_trust(library, config, keys)
    if fresh:
        _first_push(library)
    elif stale and not overwrite:
        mend = "add --overwrite, read the difference, commit it under a new tag"
        raise Failed(f"Not those of this version: {', '.join(stale)}.", FINDING, "stale", mend=mend)


def write_trust(
    library: Path, config: Config, keys: Keys, *, max_seconds: int | None = None, bare: str = "throw"
) -> None:
    """Write the class Trust: the keys that builds believe, of those that may be published, the issuer, the
    controllers.
    """
    signing = keys.current(int(time.time()))
    path = library / TRUST
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        trust.render(
            installation=config.installation,
            signing=signing,
            sources=[(s.public_url, s.id, s.user) for s in config.sources],
            max_seconds=max_seconds or config.rules.max_ttl,
            bare=bare,
        )
    )
    click.echo(f"{path} written: {', '.join(key.kid for key in signing)}. Commit it, tag it, set the tag in Jenkins.")


def _files(place: Path) -> list[Path]:
    return sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]


def _differs(ours: Path, theirs: Path) -> bool:
    return not theirs.exists() or ours.read_bytes() != theirs.read_bytes()


def _first_push(library: Path) -> None:
    click.echo(
        f"""\
The library is in {library}. Push it to a repository that only Jenkins' administrators can write:
   cd {library} && git init -b main && git add . && git commit -m "mfaGate" && git tag mfa-1
   git remote add origin URL-OF-THAT-REPOSITORY && git push origin main mfa-1"""
    )
