"""Runs the library's real Groovy sources in one JVM, on doubles of the Jenkins classes that they use.

One JSON object a line goes in and out; see jenkinsfile-library/test/driver/harness/Driver.groovy.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).parents[2] / "jenkinsfile-library"
JOB, BUILD, AGENT, URL = "team one/deploy", 17, "mfa-agent", "https://jenkins.example.com/"

BODY = "mfaGate(environment: 'production', action: 'deploy', message: 'Deploy 1.4') { sh 'deploy'; return 42 }"
BARE = "mfaGate(environment: 'production', action: 'deploy', message: 'Deploy 1.4'); sh 'deploy'"
MARKED = "[mfaGate] This build is marked ABORTED, whatever the Pipeline catches."

KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"the library's test key").digest())

Answer = Mapping[str, Any] | Callable[[dict[str, Any]], Mapping[str, Any]]


def java_home() -> Path | None:
    """A Java that Groovy 2.4 runs on: JAVA_HOME, or one of version 17 below /usr/lib/jvm."""
    named = os.environ.get("JAVA_HOME")
    found = [Path(named)] if named else sorted(Path("/usr/lib/jvm").glob("*17*"))
    return next((home for home in found if (home / "bin" / "java").exists()), None)


def missing() -> str:
    """Why the Groovy sources cannot run here; empty if they can."""
    if not shutil.which("groovy") or not shutil.which("groovyc"):
        return "groovy is not installed (Debian: apt-get install groovy)"
    return "" if java_home() else "no Java 17 found: set JAVA_HOME"


def trust_source(
    keys: Mapping[str, str], *, issuer: str = "mfa:example", bare: str = "throw", ends: int = 4102444800
) -> str:
    """The class Trust as `keys public --library` writes it: the committed sample with other values."""
    text = (ROOT / "src/mfa/Trust.groovy").read_text()
    rows = "\n".join(f"            ['{kid}', 'EdDSA', '{spki}', {ends}L]," for kid, spki in keys.items())
    text = re.sub(r" {12}\['sample'.*", lambda _: rows, text)
    text = text.replace("http://localhost:8080/", URL).replace("mfa:sample", issuer)
    return text.replace("return 'throw'", f"return '{bare}'")


class Library:
    """The JVM, and copies of the library that trust different keys."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._env = {**os.environ, "JAVA_HOME": str(java_home()), "CLASSPATH": str(directory / "classes")}
        self._compile()
        self._jvm = subprocess.Popen(
            ["groovy", "-Dfile.encoding=UTF-8", "-e", "harness.Driver.main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._env,
            text=True,
        )

    def _compile(self) -> None:
        """The doubles first: Groovy 2.4 finds no nested class of a source that it compiles at the same time."""
        classes = self._directory / "classes"
        classes.mkdir()
        for part in ("doubles", "driver"):
            sources = [str(path) for path in sorted((ROOT / "test" / part).rglob("*.groovy"))]
            subprocess.run(["groovyc", "-d", str(classes), *sources], env=self._env, check=True)

    def close(self) -> None:
        """End the JVM: its input ends."""
        assert self._jvm.stdin
        assert self._jvm.stdout
        self._jvm.stdin.close()
        self._jvm.wait(timeout=20)
        self._jvm.stdout.close()

    def trusting(self, trust: str) -> str:
        """The directory of a copy of the library with this class Trust."""
        copy = self._directory / f"library-{abs(hash(trust))}"
        if not copy.exists():
            for part in ("src", "vars"):
                shutil.copytree(ROOT / part, copy / part)
            (copy / "src/mfa/Trust.groovy").write_text(trust)
        return str(copy)

    def call(self, where: str, function: str, *args: Any) -> Any:
        """What `Class.method` returns for JSON arguments. Raises AssertionError if it throws."""
        of, method = function.split(".")
        answer = self._exchange({"call": f"mfa.{of}", "method": method, "args": args, "library": where})
        assert "error" not in answer, answer
        return answer["value"]

    def play(self, where: str, pipeline: str, *answers: Answer, **job: Any) -> dict[str, Any]:
        """Run a Jenkinsfile; the nth input that opens gets the nth answer (see Build.groovy).

        Returns how the build ended, with `asked`: the inputs that opened.
        """
        record = {"job": JOB, "build": BUILD, "rootUrl": URL, "library": where, "pipeline": pipeline, **job}
        said = self._exchange(record)
        asked, left = [], list(answers)
        while "paused" in said:
            asked.append(said["paused"])
            answer = left.pop(0) if left else {"abort": AGENT}
            said = self._exchange(answer(asked[-1]) if callable(answer) else answer)
        return {**said["ended"], "asked": asked}

    def _exchange(self, task: Mapping[str, Any]) -> dict[str, Any]:
        assert self._jvm.stdin
        assert self._jvm.stdout
        self._jvm.stdin.write(json.dumps(task) + "\n")
        self._jvm.stdin.flush()
        line = self._jvm.stdout.readline()
        assert line, "the JVM has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


def request_text(asked: Mapping[str, Any]) -> str:
    """The MFA_REQUEST of an input that opened."""
    return next(p["default"] for p in asked["parameters"] if p["name"] == "MFA_REQUEST")


def now() -> int:
    """Unix seconds: the library reads the controller's own clock."""
    return int(time.time())


def said(end: Mapping[str, Any]) -> list[str]:
    """The library's own lines of a build's log."""
    return [line for line in end["log"] if line.startswith("[mfaGate] ")]
