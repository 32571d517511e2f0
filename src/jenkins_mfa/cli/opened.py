"""What most commands begin with: the configuration, the keys, the store."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.config import Config
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.store.connect import open_store, open_trail
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.store.trail import Trail


def load(path: Path, *, policy_path: Path | None = None, now: int = 0, with_secrets: bool = True) -> Config:
    """The configuration. Raises ConfigError, which says how to name or begin one where there is none."""
    if not path.exists():
        name = "name yours with --config FILE or JENKINS_MFA_CONFIG; to begin: jenkins-mfa init"
        raise ConfigError([f"{path} is not there; mend: {name}"])
    return configuration.load(path, policy_path=policy_path, now=now, with_secrets=with_secrets)


def load_keys(config: Config) -> Keys:
    """The keys."""
    return key_files.load(config.keys, config.installation)


@contextmanager
def store_of(config: Config) -> Generator[RedisStore]:
    """The store, refused where it would not keep what it is told."""
    with open_store(config.store, load_keys(config).mac_key) as (store, _):
        yield store


@contextmanager
def trail_of(config: Config) -> Generator[Trail]:
    """The trail alone, to read: it takes no key, and nothing of Jenkins or Slack."""
    with open_trail(config.store) as trail:
        yield trail
