"""What a build is made of: parameters, commits, libraries, and the causes that started it.

The shapes are those that the recorded controllers exported; each `bean` is what the remote API writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jenkins_mfa.simulators.jenkins_tree import Bean, Named

_RUN = "org.jenkinsci.plugins.workflow"


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

    def bean(self, number: int) -> Bean:
        """The revision as BuildData of build `number` writes it."""
        revision = {"SHA1": self.sha1, "branch": [{"SHA1": self.sha1, "name": self.branch}]}
        built = {
            "_class": "hudson.plugins.git.util.Build",
            "buildNumber": number,
            "buildResult": None,
            "marked": revision,
            "revision": revision,
        }
        return {
            "_class": "hudson.plugins.git.util.BuildData",
            "buildsByBranchName": Named({self.branch: built}),
            "lastBuiltRevision": revision,
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


def cli_cause(user: str, full_name: str) -> Bean:
    """Started by a person with the command line client."""
    text = f"Started from command line by {full_name}"
    return {
        **user_cause(user, full_name),
        "_class": "hudson.cli.BuildCommand$CLICause",
        "shortDescription": text,
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


def replay_cause(number: int, *, verb: str = "Replayed") -> Bean:
    """The second cause of a replayed build (`Rebuilt`: with an unchanged script); who did it is the first."""
    return {"_class": f"{_RUN}.cps.replay.ReplayCause", "shortDescription": f"{verb} #{number}"}


def restart_cause(number: int, stage: str) -> Bean:
    """The second cause of a build that was restarted from a stage."""
    name = "org.jenkinsci.plugins.pipeline.modeldefinition.causes.RestartDeclarativePipelineCause"
    return {"_class": name, "shortDescription": f"Restarted from build #{number}, stage {stage}"}
