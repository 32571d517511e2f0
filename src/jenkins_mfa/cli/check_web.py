"""What `check` says of the pages: where they are served, and how long their certificate lasts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from jenkins_mfa.cli.report import Part, count
from jenkins_mfa.config import Config
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
        yield Part("web", True, f"{where}, behind {', '.join(web.proxies)}")
    else:
        yield Part("web", True, f"{where}, for this computer alone")
    if config.policy.key_models and web.model_roots is not None:
        yield _models(len(config.policy.key_models), web.model_roots, int(time.time()))


def _models(models: int, file: Path, now: int) -> Part:
    """Keys of a maker whose root has ended cannot be enrolled; `now` in seconds UTC."""
    roots = x509.load_pem_x509_certificates(file.read_bytes())
    ended = [one for one in roots if one.not_valid_after_utc.timestamp() <= now]
    if ended:
        named = ", ".join(render.visible(one.subject.rfc4514_string())[:80] for one in ended)
        mend = f"put the maker's new root into {file}, and start the agent anew"
        return Part("web", False, f"roots of models of keys have ended: {named}", mend)
    return Part("web", True, f"keys of {count(models, 'model')} are taken, under {count(len(roots), 'root')}")


def _certificate(where: str, file: Path, now: int) -> Part:
    """The first certificate of the file is the server's own; `now` in seconds UTC."""
    try:
        own = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except (OSError, ValueError):
        return Part("web", False, f"{file} cannot be read as a certificate", "write it anew, in PEM")
    left = int(own.not_valid_after_utc.timestamp()) - now
    days, mend = left // 86400, f"renew {file}: a running agent takes it over by itself"
    if left <= 0:
        return Part("web", False, f"the certificate of {where} has ended: no browser opens the pages", mend)
    if days < ENDS_SOON:
        return Part("web", False, f"the certificate of {where} ends in {count(days, 'day')}", mend)
    return Part("web", True, f"{where}; its certificate lasts {days} days more")
