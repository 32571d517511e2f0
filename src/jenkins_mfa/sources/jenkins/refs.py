"""How Jenkins names things: job full names, URLs, and our handle of one input. Pure.

A job's full name is its path of names (`team one/mb/feature%2Fx`); a branch's name keeps its own `%2F`, so
that in URLs it is written `feature%252Fx`. Some containers write `feature%2Fx` there: both mean the same job.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import msgspec

from jenkins_mfa.errors import UntrustedInputError

#: The largest build number: Java's int.
_MAX_BUILD = 2**31 - 1
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class Ref:
    """One input of one build. Ids of inputs repeat across builds, so an id alone is never a handle."""

    job: str
    build: int
    input: str

    @property
    def text(self) -> str:
        """The handle as the core keeps it."""
        return msgspec.json.encode([self.job, self.build, self.input]).decode()

    @property
    def path(self) -> str:
        """Path of the input below the controller's root, with a slash at its end."""
        return f"{build_path(self.job, self.build)}input/{quote(self.input, safe='')}/"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read a handle back. Raises UntrustedInputError."""
        try:
            job, build, input_id = msgspec.json.decode(text, type=tuple[str, int, str])
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            problem = "a stored handle is not one of a Jenkins input"
        else:
            return cls(job, build, input_id)
        raise UntrustedInputError(problem)


def build_path(job: str, build: int | str) -> str:
    """Path of a build below the controller's root, with a slash at its end. Raises UntrustedInputError."""
    if not _NUMBER.fullmatch(str(build)):
        raise UntrustedInputError(f"not a build that Jenkins could have: {job!a} #{build!a}")
    return f"{job_path(job)}{build}/"


def job_path(job: str) -> str:
    """Path of a job below the controller's root, with a slash at its end. Raises UntrustedInputError."""
    names = job.split("/")
    if not all(_is_name(name) for name in names):
        raise UntrustedInputError(f"not a job that Jenkins could have: {job!a}")
    return "".join(f"job/{quote(name, safe='')}/" for name in names)


def read_build_url(url: str) -> tuple[str, int]:
    """Job full name and number out of a build's URL.

    Only its path counts: the host may be any of Jenkins' names, and what stands before the jobs is a context
    path. Raises UntrustedInputError.
    """
    try:
        segments = urlsplit(url).path.strip("/").split("/")
        names = [unquote(segment, errors="strict").replace("/", "%2F") for segment in segments[:-1]]
    except ValueError:
        names, segments = [], [""]
    job: list[str] = []
    while len(names) >= 2 and names[-2] == "job" and _is_name(names[-1]):
        job.insert(0, names.pop())
        names.pop()
    number = segments[-1]
    if not job or not _NUMBER.fullmatch(number) or int(number) > _MAX_BUILD:
        raise UntrustedInputError(f"not the URL of a build: {url[:300]!a}")
    return "/".join(job), int(number)


def _is_name(name: str) -> bool:
    """Dots alone would climb out of the path."""
    return name not in {"", ".", ".."}
