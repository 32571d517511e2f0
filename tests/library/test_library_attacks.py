"""T7: what a hostile Jenkinsfile can try without any approval (tried on a real Jenkins too).

Each Jenkinsfile ends in an administrator's Proceed without a receipt, or does not pause at all. An object of the
Jenkinsfile that is touched in @NonCPS code takes over its answer there, so none may be touched.
"""

import json

import pytest
from groovy_driver import Library, request_text

FOREIGN = """
class X implements Serializable {
    String toString() { harness.Touched.by('toString') }
    boolean equals(Object o) { harness.Touched.by('equals') }
    int hashCode() { harness.Touched.by('hashCode'); 1 }
    boolean asBoolean() { harness.Touched.by('asBoolean') }
}
class I implements GroovyInterceptable, Serializable {
    Object invokeMethod(String name, Object args) { harness.Touched.by(name) }
    Object getProperty(String name) { harness.Touched.by(name) }
}
class M extends HashMap {
    Set entrySet() { harness.Touched.by('entrySet'); super.entrySet() }
    Object get(Object key) { harness.Touched.by('get') }
    int size() { harness.Touched.by('size'); 1 }
}
class K extends HashMap implements GroovyInterceptable {
    Object invokeMethod(String name, Object args) { harness.Touched.by(name) }
}
class L extends ArrayList { Iterator iterator() { harness.Touched.by('iterator'); super.iterator() } }
class N extends Number {
    int intValue() { 1 }
    long longValue() { 1 }
    float floatValue() { 1 }
    double doubleValue() { 1 }
    String toString() { harness.Touched.by('Number.toString') }
}
class D extends BigDecimal {
    D() { super('1') }
    String toString() { harness.Touched.by('BigDecimal.toString') }
    String toPlainString() { harness.Touched.by('toPlainString') }
}
class G extends GString {
    G() { super([] as Object[]) }
    String[] getStrings() { harness.Touched.by('strings'); ['x', ''] as String[] }
    Object[] getValues() { harness.Touched.by('values'); [''] as Object[] }
}
enum E { A; String toString() { harness.Touched.by('enum.toString') } }
"""

FORGET = "harness.Touched.names.clear()"
#: Arguments that are refused before the build pauses.
REFUSED = {
    "object_with_to_string": "mfaGate(environment: new X()) { sh 'deploy' }",
    "object_in_a_detail": "mfaGate(environment: 'x', details: [a: new X()]) { sh 'deploy' }",
    "object_nested_in_a_list": "mfaGate(environment: 'x', watchEnv: ['A', [b: new X()]]) { sh 'deploy' }",
    "object_as_a_key": f"def m = [environment: 'x']; m[new X()] = 1; {FORGET}; mfaGate(m) {{ sh 'deploy' }}",
    "interceptable": "mfaGate(environment: new I()) { sh 'deploy' }",
    "interceptable_as_a_key": f"def d = [:]; d.put(new I(), 1); {FORGET}; mfaGate(environment: 'x', details: d) {{ }}",
    "map_subclass_whole": "def m = new M(); harness.Touched.names.clear(); mfaGate(m) { sh 'deploy' }",
    "map_subclass_inside": "mfaGate(environment: 'x', details: new M()) { sh 'deploy' }",
    "interceptable_map": "def m = new K(); harness.Touched.names.clear(); mfaGate(m) { sh 'deploy' }",
    "list_subclass": "mfaGate(environment: 'x', watchEnv: new L()) { sh 'deploy' }",
    "number_subclass": "mfaGate(environment: 'x', quorum: new N()) { sh 'deploy' }",
    "decimal_subclass": "mfaGate(environment: 'x', details: [a: new D()]) { sh 'deploy' }",
    "enum": "mfaGate(environment: E.A) { sh 'deploy' }",
    "lazy_gstring": "mfaGate(environment: \"${-> harness.Touched.by('lazy')}\") { sh 'deploy' }",
    "lazy_gstring_in_a_gstring": "mfaGate(environment: 'x', message: \"${\"${-> harness.Touched.by('lazy')}\"}\") { }",
    "gstrings_that_grow_beyond_memory": (
        'def g = "${1}"; 6.times { def h = g; g = "${h}${h}${h}${h}${h}${h}${h}${h}${h}${h}" };'
        " mfaGate(environment: 'x', message: g) { sh 'deploy' }"
    ),
    "empty_gstrings_that_take_for_ever": (
        'def g = "${\'\'}"; 6.times { def h = g; g = "${h}${h}${h}${h}${h}${h}${h}${h}${h}${h}${h}${h}" };'
        " mfaGate(environment: 'x', message: g) { sh 'deploy' }"
    ),
    "gstring_subclass": "mfaGate(environment: new G()) { sh 'deploy' }",
    "gstring_subclass_in_a_gstring": "mfaGate(environment: \"${new G()}\") { sh 'deploy' }",
    "gstring_around_an_object": "mfaGate(environment: \"a${new X()}b\") { sh 'deploy' }",
    "gstring_around_a_number": "mfaGate(environment: 'x', message: \"a${new N()}b\") { sh 'deploy' }",
    "closure": "mfaGate(environment: { harness.Touched.by('closure') }) { sh 'deploy' }",
    "closure_as_map": "mfaGate({ harness.Touched.by('proxy') } as Map) { sh 'deploy' }",
    "closure_as_list": "mfaGate(environment: 'x', watchEnv: ({ harness.Touched.by('proxy') } as List)) { sh 'deploy' }",
    "closure_as_comparable": "mfaGate(environment: ({ harness.Touched.by('proxy') } as Comparable)) { sh 'deploy' }",
    "map_of_closures_as_list": (
        "mfaGate(environment: 'x', watchEnv: ([iterator: { harness.Touched.by('iterator') },"
        " size: { harness.Touched.by('size') }] as List)) { sh 'deploy' }"
    ),
    "map_with_default": "mfaGate([environment: 'x'].withDefault { harness.Touched.by('default') }) { sh 'deploy' }",
    "list_that_holds_itself": "def l = []; l.add(l); mfaGate(environment: 'x', watchEnv: l) { sh 'deploy' }",
    "map_that_holds_itself": "def m = [:]; m.details = m; m.environment = 'x'; mfaGate(m) { sh 'deploy' }",
    "lists_that_hold_each_other_often": (
        "def l = []; 100.times { l.add(l) }; mfaGate(environment: 'x', watchEnv: l) { sh 'deploy' }"
    ),
    "marker_of_our_own": "mfaGate(environment: ['': 'production']) { sh 'deploy' }",
    "megabytes": "mfaGate(environment: 'x', message: 'm' * 1000000) { sh 'deploy' }",
    "not_a_number": "mfaGate(environment: 'x', details: [a: Double.NaN]) { sh 'deploy' }",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_foreign_object_is_refused_untouched(library: Library, trusting: str, name: str) -> None:
    """No method of it runs, the build does not pause, a plain sentence says what it was."""
    end = library.play(trusting, f"{FOREIGN}\nharness.Touched.names.clear()\n{REFUSED[name]}")
    assert end["touched"] == []
    assert (end["asked"], end["done"], end["result"]) == ([], [], "ABORTED")
    assert any(line.startswith("[mfaGate] mfaGate cannot ask: ") for line in end["log"])


FAKE = "[submitter: 'mfa-agent', MFA_RECEIPT: 'x']"
#: Ways to put something in the place of the library's own parts; the real input opens all the same.
REPLACING = {
    "methods_of_the_jenkinsfile": (
        f"def input(Map m) {{ {FAKE} }}\ndef error(s) {{ }}\ndef timeout(Map m, Closure c) {{ {FAKE} }}"
    ),
    "binding_of_the_jenkinsfile": (
        f"input = {{ m -> {FAKE} }}; steps = [input: {{ m -> {FAKE} }}]; currentBuild = [number: 1]"
    ),
    "property_input": f"mfaGate.input = {{ m -> {FAKE} }}; mfaGate.timeout = {{ m, c -> {FAKE} }}",
    "property_error": "mfaGate.error = { s -> }; mfaGate.echo = { s -> }",
    "property_steps": f"mfaGate.steps = [input: {{ m -> {FAKE} }}, echo: {{ }}]",
    "property_current_build": "mfaGate.currentBuild = [number: 1, fullProjectName: 'other']; mfaGate.env = [:]",
    "property_with_env": "mfaGate.withEnv = { l, c -> c() }",
    "property_mfa": (
        f"mfaGate.mfa = [Gate: [run: {{ Object... a -> a[1]() }}], Steps: [ask: {{ Object... a -> {FAKE} }}]]"
    ),
    "property_java": "mfaGate.java = [:]; mfaGate.hudson = [:]; mfaGate.groovy = [:]; mfaGate.jenkins = [:]",
    "keys_of_the_answer": "mfa.Trust.keys().clear(); mfa.Trust.keys() << ['k1', 'EdDSA', 'evil', 9999999999L]",
    "own_dsl_object": f"def d = mfa.Steps.dsl(); try {{ d.input = {{ m -> {FAKE} }} }} catch (Exception e) {{ }}",
    "subclass_of_the_receipt": (
        "class R extends mfa.Receipt { static String verify(String a, String b, String c, String d, long e) { '' } }"
    ),
    "constant_of_the_receipt": "try { mfa.Receipt.LEEWAY = 999999 } catch (Exception e) { }",
}


@pytest.mark.parametrize("form", ["{ sh 'deploy' }", "; sh 'deploy'"])
@pytest.mark.parametrize("name", REPLACING)
def test_nothing_takes_the_place_of_our_own_parts(library: Library, trusting: str, name: str, form: str) -> None:
    """The real input opens for the agent alone; an administrator's Proceed passes nothing."""
    end = library.play(trusting, f"{REPLACING[name]}\nmfaGate(environment: 'x'){form}", {"proceed": "admin"})
    assert [asked["submitter"] for asked in end["asked"]] == ["mfa-agent"]
    assert end["done"] == []
    assert end["result"] == "ABORTED"
    assert any("admin pressed Proceed, but only a receipt of jenkins-mfa counts" in line for line in end["log"])


def test_no_field_can_be_assigned(library: Library, trusting: str) -> None:
    """The one kind of static there is, a final scalar, holds."""
    end = library.play(trusting, "mfa.Receipt.LEEWAY = 999999")
    assert end["thrown"] == "groovy.lang.ReadOnlyPropertyException"


def test_arguments_are_frozen_before_the_wait(library: Library, trusting: str) -> None:
    """A parallel branch that changes the map while people decide changes neither request nor log."""
    pipeline = "m = [environment: 'staging', details: [a: '1']]; mfaGate(m) { sh 'deploy' }"
    end = library.play(trusting, pipeline, {"during": "m.environment = 'production'; m.details.a = '2'", "abort": "x"})
    assert json.loads(request_text(end["asked"][0]))["environment"] == "staging"
    assert "production" not in str(end["log"])


def test_the_build_is_read_from_the_execution(library: Library, trusting: str) -> None:
    """withEnv(JOB_NAME, BUILD_NUMBER) does not change which build the approvers see and the receipt must name."""
    pipeline = "withEnv(['JOB_NAME=other', 'BUILD_NUMBER=1']) { mfaGate(environment: 'x') { } }"
    asked = json.loads(request_text(library.play(trusting, pipeline)["asked"][0]))
    assert asked["run"] == {"id": "17", "pipeline": "team one/deploy"}
