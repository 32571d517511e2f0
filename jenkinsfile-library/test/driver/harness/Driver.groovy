package harness

import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import jenkins.model.Jenkins
import org.codehaus.groovy.control.CompilerConfiguration
import org.jenkinsci.plugins.workflow.cps.CpsThread

/**
 * Reads one JSON object a line, answers with one a line, as long as standard input lasts.
 *
 *   {"call": "mfa.Request", "method": "text", "args": [...], "library": DIR}      → {"value": ...}
 *   {"pipeline": "mfaGate(...) { ... }", "job": ..., "build": 17, "library": DIR} → {"paused": {...}}*, then {"ended": {...}}
 * After each "paused" one line says how the input ends (see Build).
 */
class Driver {
    private final Map<String, GroovyClassLoader> loaders = [:]
    private final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, 'US-ASCII'))
    private final PrintStream output = System.out

    static void main(String[] args) {
        Driver driver = new Driver()
        System.out = System.err
        for (Map task = driver.read(); task != null; task = driver.read()) {
            driver.write(task.call != null ? driver.call(task) : [ended: driver.run(task)])
        }
    }

    private Map read() {
        String line = input.readLine()
        return line == null ? null : (Map) new JsonSlurperClassic().parseText(line)
    }

    private void write(Map answer) {
        output.println(JsonOutput.toJson(answer))
        output.flush()
    }

    private GroovyClassLoader loader(String library) {
        if (!loaders.containsKey(library)) {
            GroovyClassLoader loader = new GroovyClassLoader(Driver.classLoader)
            loader.addClasspath(library + '/src')
            loaders[library] = loader
        }
        return loaders[library]
    }

    private Map call(Map task) {
        try {
            return [value: InvokerTools.call(loader(task.library).loadClass(task.call), task.method, task.args)]
        } catch (Exception e) {
            return [error: e.toString()]
        }
    }

    private Map run(Map task) {
        Build build = new Build(task)
        Touched.names.clear()
        Jenkins.instance = new Jenkins(rootUrl: task.rootUrl, computers: task.held ? [Executors.holding(build)] : [])
        CpsThread.now = new CpsThread(build)
        Map shown = [:]
        GroovyClassLoader loader = loader(task.library)
        Script gate = (Script) loader.parseClass(new File(task.library, 'vars/mfaGate.groovy')).newInstance()
        gate.binding = new Binding()
        Binding binding = new Binding(mfaGate: gate, build: build)
        GroovyShell shell = new GroovyShell(loader, binding, new CompilerConfiguration(scriptBaseClass: Jenkinsfile.name))
        build.ask = { Map question -> write([paused: described(question)]); read() }
        build.during = { String source -> shell.evaluate(source) }
        try {
            shown.value = shell.evaluate(task.pipeline)
        } catch (Throwable end) {
            shown.thrown = end.getClass().name
            shown.says = end.message
            if (!build.executable.killed) { build.executable.setResult(end.hasProperty('result') ? end.result : hudson.model.Result.FAILURE) }
        }
        Map record = [result: String.valueOf(build.executable.result ?: 'SUCCESS'), log: build.log, done: build.done, killed: build.executable.killed,
                      description: build.executable.description, touched: Touched.names, interrupted: Executors.interrupted(task.held)]
        return shown + record
    }

    private static Map described(Map question) {
        return question + [parameters: question.parameters.collect {
            [type: it.getClass().simpleName, name: it.name, default: it.defaultValue, description: it.description]
        }]
    }
}
