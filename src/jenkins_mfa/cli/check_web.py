"""What `check` says of the pages and of certificates: where pages are served, how long each certificate lasts, and
whether an agent could listen where it is to.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from jenkins_mfa.cli.base import halves
from jenkins_mfa.cli.report import Part, count
from jenkins_mfa.config import Config
from jenkins_mfa.core import beats
from jenkins_mfa.failures import untaken
from jenkins_mfa.listening import bound
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.web.console.settings import Console
from jenkins_mfa.words import render

ENDS_SOON = 14  #: days before its end at which a certificate is a finding


def web_parts(config: Config) -> Iterator[Part]:
    """Nothing where there are no pages. That certificate and key can be read and belong together was seen when the
    configuration was read.
    """
    web = config.web
    if web is None:
        return
    where = f"{web.url}, listening at {web.host}:{web.port}"
    if web.cert_file is not None:
        yield _certificate(where, web.cert_file, int(time.time()))
    elif web.proxies:
        yield Part("web.pages", True, f"{where}, behind {', '.join(web.proxies)}")
    else:
        yield Part("web.pages", True, f"{where}, for this computer alone")
    if config.console is not None:
        yield _console(config.console)
    if config.policy.key_models and web.model_roots is not None:
        yield _models(len(config.policy.key_models), web.model_roots, int(time.time()))


def listen_parts(config: Config, store: RedisStore) -> Iterator[Part]:
    """Where no agent runs, the addresses that the next one could not have. One that runs has them itself, here or on
    another host.
    """
    if beats.fresh(store.beats(), "agent", store.now()):
        return
    if config.web is not None and (problem := _untaken(config.web.host, config.web.port)):
        yield Part("web.listen", False, *halves(f"[web] listen: {problem}"))
    if config.metrics is not None and (problem := _untaken(*config.metrics)):
        yield Part("metrics.listen", False, *halves(f"[metrics] listen: {problem}"))


def _untaken(host: str, port: int) -> str:
    """Why the address cannot be had, and the mend; empty where it can. Whether the agent's account may have a port
    below 1024 is not known here: a service manager gives it that.
    """
    try:
        bound(host, port).close()
    except OSError as error:
        return "" if error.errno == errno.EACCES else f"{host}:{port} {untaken(error)}"
    return ""


def _console(console: Console) -> Part:
    """Who gets in; that a proxy's word needs a proxy was seen when the configuration was read."""
    ways = [
        *(["Slack"] if console.slack else []),
        *([f"a proxy's {console.identity_header}"] if console.identity_header else []),
        "passkeys",
    ]
    return Part("web.console", True, f"people sign in to the console with {' or '.join(ways)}")


def _models(models: int, file: Path, now: int) -> Part:
    """Keys of a maker whose root has ended cannot be enrolled; `now` in seconds UTC."""
    roots = x509.load_pem_x509_certificates(file.read_bytes())
    ended = [one for one in roots if one.not_valid_after_utc.timestamp() <= now]
    if ended:
        named = ", ".join(render.visible(one.subject.rfc4514_string())[:80] for one in ended)
        mend = f"put the maker's new root into {file}, and start the agent anew"
        return Part("web.roots_ended", False, f"roots of models of keys have ended: {named}", mend)
    says = f"keys of {count(models, 'model')} are taken, under {count(len(roots), 'root')}"
    return Part("web.key_models", True, says)


def seconds_left(file: Path, now: int) -> int | None:
    """How long the first certificate of a file lasts from `now` (Unix seconds) on; None where it cannot be read."""
    try:
        own = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except (OSError, ValueError, x509.InvalidVersion):
        return None
    return int(own.not_valid_after_utc.timestamp()) - now


def client_parts(subject: str, file: Path, now: int) -> Iterator[Part]:
    """A certificate with which the agent comes to a controller, where it has ended or soon will; `now` in seconds."""
    left = seconds_left(file, now)
    mend = f"renew {file}, and start the agent anew"
    if left is not None and left <= 0:
        says = f"the agent's certificate {file} has ended: a controller that asks for it refuses"
        yield Part("source.certificate_ended", False, says, mend, named=subject)
    elif left is not None and left < ENDS_SOON * 86400:
        says = f"the agent's certificate {file} ends in {_days(left)}"
        yield Part("source.certificate_ends", False, says, mend, named=subject)


def _certificate(where: str, file: Path, now: int) -> Part:
    """The first certificate of the file is the server's own; `now` in seconds UTC."""
    left = seconds_left(file, now)
    if left is None:
        says = f"{file} cannot be read as a certificate"
        return Part("web.certificate_unread", False, says, "write it anew, in PEM")
    days, mend = left // 86400, f"renew {file}: a running agent takes it over by itself"
    if left <= 0:
        says = f"the certificate of {where} has ended: no browser opens the pages"
        return Part("web.certificate_ended", False, says, mend)
    if days < ENDS_SOON:
        says = f"the certificate of {where} ends in {_days(left)}"
        return Part("web.certificate_ends", False, says, mend)
    return Part("web.pages", True, f"{where}; its certificate lasts {days} days more")


def _days(left: int) -> str:
    """A length of time in seconds, as whole days."""
    return count(left // 86400, "day") if left >= 86400 else "less than a day"
