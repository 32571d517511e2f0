package org.jenkinsci.plugins.workflow.cps

/** Steps by name, as Groovy packs a call: `invokeMethod('input', [[id: 'x']] as Object[])`. */
class DSL extends GroovyObjectSupport implements Serializable {
    private final Object build

    DSL(Object owner) { build = owner }

    @Override
    Object invokeMethod(String name, Object args) { return build.step(name, (Object[]) args) }
}
