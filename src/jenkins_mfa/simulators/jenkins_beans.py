"""Jobs, builds, executors and the root, as the remote API exports them to one account."""

from __future__ import annotations

import re
from typing import Any

from jenkins_mfa.simulators.jenkins_accounts import User
from jenkins_mfa.simulators.jenkins_run import Run
from jenkins_mfa.simulators.jenkins_state import Controller, Job, job_path
from jenkins_mfa.simulators.jenkins_tree import Bean

_STEPS = "org.jenkinsci.plugins.workflow"

#: What `api/json` without a tree writes, as far as it was recorded.
WHOLE = {
    "build": "actions[causes[*],parameters[*],blockedDurationMillis,blockedTimeMillis,"
    "buildableDurationMillis,buildableTimeMillis,buildingDurationMillis,executingTimeMillis,executorUtilization,subTaskCount,"
    "waitingDurationMillis,waitingTimeMillis,userId,remoteUrls,scmName,lastBuiltRevision[SHA1,branch[*]],"
    "buildsByBranchName[*,marked[SHA1,branch[*]],revision[SHA1,branch[*]]]],artifacts,building,description,displayName,duration,estimatedDuration,executor,"
    "fullDisplayName,id,keepLog,number,queueId,result,timestamp,url,"
    "changeSets[kind,items[*,author[absoluteUrl,fullName]]],culprits[absoluteUrl,fullName],inProgress,"
    "nextBuild[number,url],previousBuild[number,url]",
    "job": "description,displayName,fullDisplayName,fullName,name,url,buildable,builds[number,url],color,"
    "inQueue,lastBuild[number,url],lastCompletedBuild[number,url],nextBuildNumber,property[*]",
    "folder": "description,displayName,fullDisplayName,fullName,name,url,jobs[name,url,color]",
    "root": "mode,nodeDescription,numExecutors,jobs[name,url,color],quietDownReason,quietingDown,url,"
    "useCrumbs,useSecurity",
    "computer": "busyExecutors,totalExecutors,computer[displayName,executors[*],oneOffExecutors[*],offline]",
    "queue": "items[*]",
    "plugins": "plugins[*]",
    "plain": "*",
}


def build_bean(run: Run, root: str, viewer: User) -> Bean:
    """One build."""
    number = run.number
    return {
        "_class": f"{_STEPS}.job.WorkflowRun",
        "actions": lambda: actions(run, root, viewer),
        "artifacts": [],
        "building": run.building,
        "description": run.description,
        "displayName": f"#{number}",
        "duration": int((run.ended - run.started) * 1000) if run.ended is not None else 0,
        "estimatedDuration": -1,
        "executor": {"_class": "hudson.model.OneOffExecutor"} if run.building else None,
        "fullDisplayName": f"{run.job.display_name} #{number}",
        "id": str(number),
        "keepLog": False,
        "number": number,
        "queueId": number,
        "result": run.result,
        "timestamp": int(run.started * 1000),
        "url": root + run.path,
        "changeSets": lambda: [
            {
                "_class": "hudson.plugins.git.GitChangeSetList",
                "items": [commit.bean(root) for commit in checkout.commits],
                "kind": "git",
            }
            for checkout in (*run.checkouts, *(one.checkout for one in run.libraries if one.checkout))
            if checkout.commits
        ],
        "culprits": [],
        "inProgress": run.building,
        "nextBuild": _short(run.job.builds.get(number + 1), root),
        "previousBuild": _short(run.job.builds.get(number - 1), root),
    }


def actions(run: Run, root: str, viewer: User) -> list[Bean]:
    """What was recorded, then what plugins add to every build; what they export nothing of is `{}`."""
    with run.changed:
        recorded = [action() if callable(action) else action for action in run.actions]
    silent = 1 + run.building + viewer.may("Job/Build")
    display = {
        "_class": "org.jenkinsci.plugins.displayurlapi.actions.RunDisplayAction",
        "artifactsUrl": f"{root}{run.path}artifact",
        "changesUrl": f"{root}{run.job.path}changes",
        "displayUrl": f"{root}{run.path}pipeline-overview",
        "testsUrl": f"{root}{run.path}testReport",
    }
    restart = {
        "_class": "org.jenkinsci.plugins.pipeline.modeldefinition.actions.RestartDeclarativePipelineAction",
        "restartEnabled": False,
        "restartableStages": [],
    }
    nodes: list[Bean] = [{"_class": f"{_STEPS}.graph.FlowStartNode"}]
    nodes.extend({"_class": f"{_STEPS}.cps.nodes.StepAtomNode"} for line in run.log if _is_atom(line))
    stages = [match[1] for line in run.log if (match := _STAGE.fullmatch(line))]
    nodes.extend({"_class": f"{_STEPS}.cps.nodes.StepStartNode", "displayName": name} for name in stages)
    if not run.building:
        nodes.append({"_class": f"{_STEPS}.graph.FlowEndNode"})
    graph = {"_class": f"{_STEPS}.job.views.FlowGraphAction", "nodes": nodes}
    return [*recorded, {}, {}, display, restart, *({} for _ in range(silent)), graph, {}, {}]


#: What opens a block with a name: a stage, or a branch of `parallel`.
_STAGE = re.compile(r"\[Pipeline\] \{ \((.*)\)")


def _is_atom(line: str) -> bool:
    return line.removeprefix("[Pipeline] ") in ("input", "echo", "sh", "error", "checkout", "getContext")


def _short(run: Run | None, root: str) -> Bean | None:
    if run is None:
        return None
    return {
        "_class": f"{_STEPS}.job.WorkflowRun",
        "building": run.building,
        "number": run.number,
        "result": run.result,
        "url": root + run.path,
    }


def job_bean(job: Job, root: str, viewer: User) -> Bean:
    """One job."""
    ended = [run for run in list(job.builds.values()) if not run.building]
    definitions = [p.definition() for p in job.parameters]
    asks = {"_class": "hudson.model.ParametersDefinitionProperty", "parameterDefinitions": definitions}
    return {
        "_class": f"{_STEPS}.job.WorkflowJob",
        "description": None,
        "displayName": job.display_name.rpartition(" » ")[2],
        "fullDisplayName": job.display_name,
        "fullName": job.full_name,
        "name": job.name,
        "url": root + job.path,
        "actions": [{}],
        "buildable": True,
        "builds": [build_bean(job.builds[n], root, viewer) for n in sorted(job.builds, reverse=True)],
        "color": _color(job),
        "inQueue": False,
        "lastBuild": job.last and build_bean(job.last, root, viewer),
        "lastCompletedBuild": build_bean(ended[-1], root, viewer) if ended else None,
        "nextBuildNumber": max(job.builds, default=0) + 1,
        "property": [asks] if job.parameters else [],
    }


def _color(job: Job) -> str:
    ended = [run.result for run in list(job.builds.values()) if not run.building]
    color = (
        {"SUCCESS": "blue", "FAILURE": "red", "ABORTED": "aborted"}.get(ended[-1] or "", "notbuilt")
        if ended
        else "notbuilt"
    )
    return color + ("_anime" if any(run.building for run in list(job.builds.values())) else "")


def folder_bean(controller: Controller, folder: str, root: str, viewer: User) -> Bean:
    """A folder or multibranch project with what the account sees in it; the root is the folder of no name."""
    inside = folder + "/" if folder else ""
    jobs: list[Bean] = [
        {"_class": kind, "name": name.rpartition("/")[2], "fullName": name, "url": root + job_path(name)}
        for name, kind in controller.folders.items()
        if name.rpartition("/")[0] == folder and viewer.sees(name)
    ]
    jobs.extend(
        job_bean(job, root, viewer)
        for name, job in controller.jobs.items()
        if name.startswith(inside) and "/" not in name[len(inside) :] and viewer.sees(name)
    )
    return {
        "_class": controller.folders.get(folder, ""),
        "description": None,
        "displayName": folder.rpartition("/")[2],
        "fullDisplayName": " » ".join(folder.split("/")),
        "fullName": folder,
        "name": folder.rpartition("/")[2],
        "url": root + job_path(folder) if folder else root,
        "jobs": sorted(jobs, key=lambda bean: str(bean["name"])),
    }


def root_bean(controller: Controller, root: str, viewer: User) -> Bean:
    """The controller itself."""
    return {
        **folder_bean(controller, "", root, viewer),
        "_class": "hudson.model.Hudson",
        "mode": "NORMAL",
        "nodeDescription": "the Jenkins controller's built-in node",
        "numExecutors": 4,
        "quietDownReason": None,
        "quietingDown": not controller.running.is_set(),
        "useCrumbs": True,
        "useSecurity": True,
    }


def computer_bean(controller: Controller, root: str, viewer: User) -> Bean:
    """All executors. What the account may not see is an executor without data."""
    runs = [run for run in list(controller.active) if run not in controller.hidden_after_restart]
    placeholder = f"{_STEPS}.support.steps.ExecutorStepExecution$PlaceholderTask$PlaceholderExecutable"
    busy: list[Any] = [
        {"_class": placeholder, "url": root + run.path} if viewer.sees(run.job.full_name) else None
        for run in runs
        for _ in range(run.busy_executors)
    ]
    shown = [build_bean(run, root, viewer) if viewer.sees(run.job.full_name) else None for run in runs]
    node = {
        "_class": "hudson.model.Hudson$MasterComputer",
        "displayName": "Built-In Node",
        "executors": [{"currentExecutable": one} for one in (busy + [None] * 4)[: max(4, len(busy))]],
        "oneOffExecutors": [{"currentExecutable": one} for one in shown],
        "offline": False,
    }
    return {
        "_class": "hudson.model.ComputerSet",
        "busyExecutors": len(busy),
        "totalExecutors": 4,
        "displayName": "Nodes",
        "computer": [node],
    }


def plugins_bean(controller: Controller) -> Bean:
    """The installed plugins: short name and version."""
    plugins = [
        {"active": True, "enabled": True, "longName": name, "shortName": name, "version": version}
        for name, version in controller.plugins.items()
    ]
    return {"_class": "hudson.LocalPluginManager", "plugins": plugins}


def whoami_bean(user: User | None) -> Bean:
    """Who the caller is; anonymous counts as authenticated there."""
    return {
        "_class": "hudson.security.WhoAmI",
        "anonymous": user is None,
        "authenticated": True,
        "authorities": sorted(user.groups) if user else ["anonymous"],
        "name": user.id if user else "anonymous",
    }


def user_bean(user: User, root: str) -> Bean:
    """The caller's own account."""
    return {
        "_class": "hudson.model.User",
        "absoluteUrl": f"{root}user/{user.id}",
        "description": user.description,
        "fullName": user.full_name,
        "id": user.id,
    }
