"""What a Jenkins holds apart from its builds: profiles, accounts, parameters, libraries, commits, causes.

The shapes are those that the recorded controllers exported; each `bean` is what the remote API writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from jenkins_mfa.simulators.jenkins_tree import Bean, Named

_RUN = "org.jenkinsci.plugins.workflow"


@dataclass(frozen=True, slots=True)
class Profile:
    """One recorded kind of controller: version, servlet container and account names."""

    version: str
    container: Literal["jetty", "tomcat"]
    session: str
    full_names: dict[str, str] = field(default_factory=dict)


ROUND_ONE = Profile("2.528.1", "jetty", "d95b4af8")
ROUND_TWO = Profile("2.516.2", "tomcat", "1d64179e", {"dev": "Dora Developer"})

#: Permissions as the matrix shows them; Overall/Administer implies all.
READER = frozenset({"Overall/Read", "Job/Read"})
ACCOUNTS: dict[str, frozenset[str]] = {
    "admin": frozenset({"Overall/Administer"}),
    "dev": READER | {"Job/Build"},
    "mfa-agent": READER | {"Job/Build", "Job/Cancel", "Run/Update"},
    "agent-min": READER,
    "desc": READER | {"Run/Update"},
    "noread": frozenset({"Overall/Read"}),
    "stranger": frozenset(),
}


@dataclass(slots=True)
class User:
    """An account. `hidden` names jobs and folders that it may not see although it has Job/Read."""

    id: str
    full_name: str
    token: str
    password: str
    permissions: frozenset[str]
    groups: frozenset[str] = frozenset({"authenticated"})
    hidden: set[str] = field(default_factory=set)

    def may(self, permission: str) -> bool:
        """Whether the account holds a permission."""
        return permission in self.permissions or "Overall/Administer" in self.permissions

    def sees(self, job: str) -> bool:
        """Whether the account may read a job, by its full name."""
        return self.may("Job/Read") and not any(job == h or job.startswith(h + "/") for h in self.hidden)


Kind = Literal["String", "Text", "Boolean", "Choice", "Password", "File", "Run", "Credentials"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a job or input. Values of Password, File, Run and Credentials are never exported."""

    name: str
    kind: Kind = "String"
    default: str | bool = ""
    description: str | None = None
    choices: tuple[str, ...] = ()

    def definition(self) -> Bean:
        """The parameter as the API describes it."""
        kind = f"{self.kind}ParameterDefinition"
        value = None if self.kind == "File" else self.value(self.default)
        choices: Bean = {"choices": list(self.choices)} if self.kind == "Choice" else {}
        return {
            "_class": f"{self._package()}.{kind}",
            "defaultParameterValue": value,
            "description": self.description,
            "name": self.name,
            "type": kind,
            **choices,
        }

    def value(self, value: str | bool) -> Bean:
        """A given value as the API writes it."""
        kind = "String" if self.kind == "Choice" else self.kind
        bean: Bean = {"_class": f"{self._package()}.{kind}ParameterValue", "name": self.name}
        if self.kind in ("String", "Text", "Boolean", "Choice"):
            bean["value"] = value
        elif self.kind == "Run" and "#" in str(value):
            bean["jobName"], _, bean["number"] = str(value).rpartition("#")
        return bean

    def _package(self) -> str:
        return "com.cloudbees.plugins.credentials" if self.kind == "Credentials" else "hudson.model"


@dataclass(frozen=True, slots=True)
class Commit:
    """One entry of a change set. `author` is the id that Jenkins guesses, `email` the commit's own claim."""

    id: str
    author: str
    email: str
    message: str
    paths: tuple[str, ...] = ()
    date: str = "2026-11-24 22:39:36 +0000"

    def bean(self, root_url: str) -> Bean:
        """The commit as the API writes it."""
        return {
            "_class": "hudson.plugins.git.GitChangeSet",
            "affectedPaths": list(self.paths),
            "commitId": self.id,
            "author": {
                "absoluteUrl": f"{root_url}user/{self.author}",
                "fullName": self.author,
                "id": self.author,
            },
            "authorEmail": self.email,
            "comment": f"{self.message}\n",
            "date": self.date,
            "msg": self.message,
        }


@dataclass(frozen=True, slots=True)
class Checkout:
    """One repository that a build has checked out: BuildData, and the commits since the build before."""

    remote: str
    sha1: str
    branch: str
    commits: tuple[Commit, ...] = ()

    def bean(self) -> Bean:
        """The revision as BuildData writes it."""
        branch = [{"SHA1": self.sha1, "name": self.branch}]
        return {
            "_class": "hudson.plugins.git.util.BuildData",
            "buildsByBranchName": Named({self.branch: {"_class": "hudson.plugins.git.util.Build"}}),
            "lastBuiltRevision": {"SHA1": self.sha1, "branch": branch},
            "remoteUrls": [self.remote],
            "scmName": "",
        }


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library that a build loaded, as LibrariesAction tells, and where it came from."""

    name: str
    version: str
    trusted: bool = True
    variables: tuple[str, ...] = ()
    changelog: bool = True
    checkout: Checkout | None = None

    def bean(self) -> Bean:
        """The library as the API writes it."""
        return {
            "changelog": self.changelog,
            "name": self.name,
            "trusted": self.trusted,
            "variables": list(self.variables),
            "version": self.version,
        }


def user_cause(user: str | None, full_name: str) -> Bean:
    """Started by a person; anonymous has the id None."""
    return {
        "_class": "hudson.model.Cause$UserIdCause",
        "shortDescription": f"Started by user {full_name}",
        "userId": user,
        "userName": full_name,
    }


def upstream_cause(project: str, number: int, *, step: bool = True) -> Bean:
    """Started by another build: by the `build` step, or by an upstream trigger."""
    names = "/".join(f"job/{part}" for part in project.split("/"))
    return {
        "_class": f"{_RUN}.support.steps.build.BuildUpstreamCause" if step else "hudson.model.Cause$UpstreamCause",
        "shortDescription": f'Started by upstream project "{project}" build number {number}',
        "upstreamBuild": number,
        "upstreamProject": project,
        "upstreamUrl": f"{names}/",
    }


def plain_cause(kind: str) -> Bean:
    """A cause that names nobody: `timer`, `scm`, `indexing`, `push`."""
    classes = {
        "timer": ("hudson.triggers.TimerTrigger$TimerTriggerCause", "Started by timer"),
        "scm": ("hudson.triggers.SCMTrigger$SCMTriggerCause", "Started by an SCM change"),
        "indexing": ("jenkins.branch.BranchIndexingCause", "Branch indexing"),
        "push": ("jenkins.branch.BranchEventCause", "Branch event"),
    }
    name, text = classes[kind]
    return {"_class": name, "shortDescription": text}


def remote_cause(address: str, note: str | None) -> Bean:
    """Started with a job's token: names nobody, even when the caller was logged in."""
    text = f"Started by remote host {address}" + (f" with note: {note}" if note else "")
    return {
        "_class": "hudson.model.Cause$RemoteCause",
        "addr": address,
        "note": note,
        "shortDescription": text,
    }


def replay_cause(number: int) -> Bean:
    """The second cause of a replayed build; who replayed stands in the first."""
    return {"_class": f"{_RUN}.cps.replay.ReplayCause", "shortDescription": f"Replayed #{number}"}
