package harness

import hudson.EnvVars
import hudson.model.Result
import jenkins.model.CauseOfInterruption
import org.jenkinsci.plugins.workflow.graph.StepNode
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander
import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException
import org.jenkinsci.plugins.workflow.steps.TimeoutStepExecution
import org.jenkinsci.plugins.workflow.support.steps.input.Rejection

/**
 * One build: its record, its steps, its log. `ask` is called when an input opens and says how it ends:
 * [proceed: what input returns], [abort: user], [stop: user], [timeout: 'own' or 'outer'], [branch: true];
 * [description: text] beside it is written first, [during: Groovy] is run first.
 */
class Build {
    final Run executable
    final List<String> log = []
    final List<String> done = []
    final Map<String, String> env
    final List<String> blocks = []
    final Set<String> credentials = []
    Closure ask
    Closure during

    Build(Map job) {
        executable = new Run(parent: [fullName: job.job], number: job.build, description: job.description, passwords: job.passwords)
        env = new LinkedHashMap<String, String>(job.env ?: [:])
    }

    Object get() { return this }

    List<StepNode> getEnclosingBlocks() {
        return blocks.reverse().collect { String name -> new Block(name: name) }
    }

    Object step(String name, Object[] args) {
        if (executable.killed) { throw new HardKill() }
        log << '[Pipeline] ' + name
        Object last = args.length > 0 ? args[-1] : null
        if (last instanceof Closure) { return block(name, args[0], (Closure) last) }
        if (name == 'echo') { return say((String) args[0]) }
        if (name == 'input') { return input((Map) args[0]) }
        if (name == 'getContext') { return context((Class) args[0]) }
        if (name == 'sh') { return run((String) args[0]) }
        if (name == 'error') { throw new RuntimeException((String) args[0]) }
        throw new NoSuchMethodError('No such DSL method ' + name)
    }

    private Object say(String text) {
        log.addAll(text.split('\n') as List)
        return null
    }

    private Object run(String command) {
        done << command
        return null
    }

    private Object context(Class type) {
        assert type in [EnvVars, EnvironmentExpander]
        if (type == EnvVars) { return new EnvVars(env) }
        return blocks.isEmpty() ? null : new EnvironmentExpander(sensitiveVariables: credentials)
    }

    private Object input(Map question) {
        log << 'Input requested'
        Map answer = ask(question)
        if (answer.description != null) { executable.description = answer.description }
        if (answer.during != null) { during(answer.during) }
        if (answer.containsKey('proceed')) { return answer.proceed }
        CauseOfInterruption cause = answer.containsKey('abort') ? new Rejection((String) answer.abort)
            : answer.stop != null ? new CauseOfInterruption.UserInterruption((String) answer.stop)
            : answer.timeout != null ? new TimeoutStepExecution.ExceededTimeout() : null
        FlowInterruptedException end = new FlowInterruptedException(Result.ABORTED, true, (cause == null ? [] : [cause]) as CauseOfInterruption[])
        throw answer.error ? new IllegalStateException('the input could not be opened') : answer.timeout == 'own' ? new OwnTimeout(end) : end
    }

    private Object block(String name, Object argument, Closure body) {
        Map<String, String> before = new LinkedHashMap<String, String>(env)
        if (name == 'withEnv') { ((List<String>) argument).each { env[it.split('=', 2)[0]] = it.split('=', 2)[1] } }
        if (name == 'withCredentials') { ((Map<String, String>) argument).each { env[it.key] = it.value; credentials << it.key } }
        blocks << name
        try {
            return name == 'retry' ? retry((int) argument, body) : body()
        } catch (OwnTimeout timeout) {
            timeout.end.actualInterruption = false
            throw timeout.end
        } catch (Exception event) {
            if (!(name in ['catchError', 'warnError'])) { throw event }
            executable.setResult(event instanceof FlowInterruptedException ? ((FlowInterruptedException) event).result : Result.FAILURE)
            return null
        } finally {
            blocks.removeAt(blocks.size() - 1)
            env.clear()
            env.putAll(before)
        }
    }

    private Object retry(int times, Closure body) {
        while (true) {
            try {
                return body()
            } catch (Exception event) {
                if (--times == 0 || event instanceof FlowInterruptedException && ((FlowInterruptedException) event).actualInterruption) { throw event }
                log << 'Retrying'
            }
        }
    }

    static class Block implements StepNode {
        String name

        @Override
        Object getDescriptor() { return [functionName: name] }
    }

    /** Our own `timeout` struck: seen from outside that block, it is no interruption from outside. */
    static class OwnTimeout extends Exception {
        final FlowInterruptedException end

        OwnTimeout(FlowInterruptedException end) { this.end = end }
    }
}
