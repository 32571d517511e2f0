"""docs/cli.md out of the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from jenkins_mfa.cli import main

WIDTH = 100  #: columns of the help
HEAD = """\
# Commands

What `--help` says of each; `make docs-reference` writes this page. What they are for, and their exit codes, is in
[operations.md](operations.md#commands).
"""


def commands(command: click.Command, path: str = "jenkins-mfa") -> Iterator[tuple[str, click.Command]]:
    """All of them, groups before what is in them."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, f"{path} {name}")


def helped(path: str, command: click.Command) -> str:
    """What `--help` prints, at a fixed width."""
    settings: dict[str, Any] = {"terminal_width": WIDTH, "max_content_width": WIDTH, **main.context_settings}
    return command.get_help(click.Context(command, info_name=path, **settings))


def page() -> str:
    """The whole page."""
    found = [f"## {path}\n\n```text\n{helped(path, command)}\n```\n" for path, command in commands(main)]
    return "\n".join([HEAD, *found])
