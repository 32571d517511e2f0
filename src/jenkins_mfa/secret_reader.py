"""Keys of config.toml that name files of secrets → what stands in those."""

from __future__ import annotations

import re
from pathlib import Path

from jenkins_mfa import secret_files
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.secret_files import Secret
from jenkins_mfa.toml_table import Table

#: Looks of tokens, which somebody may write where the name of their file belongs.
TOKEN = re.compile(r"(xox[a-z]|xapp)-.*|[0-9a-f]{32,}", re.IGNORECASE)


class SecretReader:
    """Reads secret files below `base`, where they are wanted; others than the owner may not read them (S16)."""

    def __init__(self, base: Path, *, wanted: bool) -> None:
        self.base = base
        self.wanted = wanted
        self.files: list[Path] = []

    def read(self, table: Table, key: str, *, always: bool = False) -> Secret:
        """What stands in the file that a key names. `always`: also where secrets are not wanted, if it can be read."""
        name = table.text(key, allowed="a file's path")
        path = self.base / name
        if not name:
            return Secret("")
        if TOKEN.fullmatch(name):
            table.fault(key, "this looks like the token itself; mend: write it into a file, and that file's name here")
            return Secret("")
        if not self.wanted and not always:
            return Secret("")
        self.files.append(path)
        try:
            return secret_files.read(path)
        except ConfigError as error:
            for problem in error.problems if self.wanted else ():
                table.fault(key, problem)
            return Secret("")
