"""The receipt keys that are told to others: those of the files here, but for what the store knows as revoked."""

from __future__ import annotations

import click

from jenkins_mfa.cli.base import UNREACHABLE, Failed, sentence
from jenkins_mfa.cli.opened import load_keys, store_of
from jenkins_mfa.config import Config
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.errors import StoreUnavailableError
from jenkins_mfa.usecases import receipt_keys
from jenkins_mfa.words import render, revocation


def published_keys(config: Config) -> Keys:
    """The keys, to be published. A revoked one that old files here still have is left out, and named on stderr.

    Raises Failed where the store cannot be asked: old files would make the world believe a stolen key again.
    """
    keys = load_keys(config)
    try:
        with store_of(config) as store:
            old = receipt_keys.put_back(store, keys)
    except StoreUnavailableError as error:
        says = f"{sentence(str(error))} {revocation.NOT_ASKED}"
        raise Failed(says, UNREACHABLE, "unreachable", mend=revocation.ASK) from None
    for kid in old:
        click.echo(render.terminal(revocation.left_out(kid)), err=True)
    return keys
