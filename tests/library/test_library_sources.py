"""What holds in the sources themselves: the rules that resisted on a real Jenkins (static, stateless, own steps)."""

import re
from pathlib import Path

import groovy_rules
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jenkins_mfa import trust
from jenkins_mfa.core import signing_keys
from jenkins_mfa.core.keys import SigningKey

LIBRARY = Path(__file__).parents[2] / "jenkinsfile-library"
SOURCES = {path.stem: path.read_text() for path in sorted((LIBRARY / "src/mfa").glob("*.groovy"))}


def test_the_sources_keep_the_rules() -> None:
    """No state, no bare step name, nothing of the Pipeline's own variables, no closure in @NonCPS code."""
    assert set(SOURCES) >= {"Gate", "Arguments", "Request", "Receipt", "Steps", "Ending", "Trust"}
    assert groovy_rules.faults(SOURCES) == []


def test_the_reader_sees_every_method() -> None:
    """A rule that looks at nothing would always hold."""
    for name, source in SOURCES.items():
        seen = {method.name for method in groovy_rules.split(name, source)[0]}
        assert len(seen) >= source.count("static") - source.count("static final") - 2, name
    methods = {m.name: m for m in groovy_rules.split("Steps", SOURCES["Steps"])[0]}
    assert not methods["ask"].non_cps
    assert methods["dsl"].non_cps


def test_the_committed_trust_has_the_generators_shape() -> None:
    """The sample differs from what `keys public --library` writes in its header's warning and its values only."""
    signing = SigningKey("sample", Ed25519PrivateKey.generate(), 0, 4102444800)
    sources = [("http://localhost:8080/", "main", "mfa-agent")]
    written = trust.render(installation="sample", signing=[signing], sources=sources, max_seconds=3600, bare="throw")
    sample = SOURCES["Trust"].replace(
        re.findall(r"M[\w+/]{58}=", SOURCES["Trust"])[0], signing_keys.spki(signing.public)
    )
    header, body = sample.split("package mfa", 1)
    assert written.split("package mfa", 1)[1] == body
    assert header.startswith(written.split("package mfa", 1)[0])


def test_vars_holds_one_line_for_each_form() -> None:
    """A variable's script has a binding that a Jenkinsfile can write; so it only calls a class."""
    assert (LIBRARY / "vars/mfaGate.groovy").read_text() == (
        "def call(Map args = [:]) { return mfa.Gate.run(args) }\n"
        "def call(Map args = [:], Closure body) { return mfa.Gate.run(args, body) }\n"
    )


def test_files_stay_small() -> None:
    """Each is read on two screens."""
    assert [name for name, source in SOURCES.items() if len(source.splitlines()) > 250] == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("@NonCPS static void a() { echo('x') }", "echo(…) is called without an owner"),
        ("static void a() { input(message: 'x') }", "input(…) is called without an owner"),
        ("static void a() { String x = libraryResource('k') }", "libraryResource"),
        ("static void a() { String x = currentBuild.number }", "currentBuild"),
        ("static void a() { String x = env.JOB_NAME }", "env"),
        ("static void a() { steps.echo('x') }", "steps"),
        ("static String KEY = 'x'", "static String KEY = '': only final scalars"),
        ("static final Map KEYS = [:]", "static final Map KEYS = [:]: only final scalars"),
        ("String name", "String name: only final scalars"),
        ("@Field String name = 'x'", "Field"),
        ("String a() { return 'x' }", "A.a: not static"),
        ("@NonCPS static void a(List l) { l.each { it.b() } }", "a closure in @NonCPS code"),
        ("@NonCPS static void a(List l) { l.inject(0) { x, y -> x } }", "a closure in @NonCPS code"),
        ("@NonCPS static void a() { b() }\nstatic void b() { }", "@NonCPS code calls A.b, which is not @NonCPS"),
        ("@NonCPS static void a() { A.b() }\nstatic void b() { }", "@NonCPS code calls A.b, which is not @NonCPS"),
        ("static void a() {\n  Map x = [:]\n}", "keeps a Map over steps"),
    ],
)
def test_each_rule_sees_what_it_forbids(line: str, says: str) -> None:
    """The rule fails on the smallest class that breaks it."""
    assert any(says in fault for fault in groovy_rules.faults({"A": f"class A {{\n{line}\n}}"}))
