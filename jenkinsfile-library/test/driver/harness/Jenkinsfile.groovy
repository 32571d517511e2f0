package harness

/** A Jenkinsfile: global variables of libraries can be called by name, other names are steps. */
abstract class Jenkinsfile extends Script {
    Object methodMissing(String name, Object args) {
        if (binding.hasVariable(name)) { return binding.getVariable(name).call(*(Object[]) args) }
        return ((Build) binding.getVariable('build')).step(name, (Object[]) args)
    }

    Map getEnv() { return ((Build) binding.getVariable('build')).env }
}
