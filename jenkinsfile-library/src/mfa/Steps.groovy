package mfa

import com.cloudbees.groovy.cps.NonCPS
import hudson.EnvVars
import hudson.model.ParametersAction
import hudson.model.StringParameterDefinition
import hudson.model.TextParameterDefinition
import jenkins.model.Jenkins
import org.jenkinsci.plugins.workflow.cps.CpsThread
import org.jenkinsci.plugins.workflow.cps.DSL
import org.jenkinsci.plugins.workflow.graph.StepNode
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander

/**
 * The steps of Jenkins and the build that runs us, taken from the execution itself: a bare step name, `env` or
 * `currentBuild` is looked up where a Jenkinsfile or another library can put its own.
 */
class Steps implements Serializable {
    @NonCPS
    static DSL dsl() {
        return new DSL(CpsThread.current().execution.owner)
    }

    /** Where we are, as JSON: pipeline and id of the build; source and agent if `Trust` knows this controller. */
    @NonCPS
    static String place() {
        Object run = CpsThread.current().execution.owner.executable
        String url = Jenkins.get().rootUrl
        List<String> source = Trust.source(url)
        return Json.text([pipeline: (String) run.parent.fullName, id: String.valueOf(run.number), source: source?.get(0), agent: source?.get(1)])
    }

    /** The user id of the agent on this controller: the only one whose submission counts. */
    @NonCPS
    static String agent() {
        return ((Map) Json.parse(place())).agent
    }

    @NonCPS
    static long now() {
        return System.currentTimeMillis().intdiv(1000)
    }

    /** The names of the blocks around this call, as JSON: ["catchError", "stage"]. */
    @NonCPS
    static String blocks() {
        List<String> names = new ArrayList<String>()
        for (Object block : CpsThread.current().head.get().enclosingBlocks) {
            if (block instanceof StepNode && block.descriptor != null) { names.add((String) block.descriptor.functionName) }
        }
        return Json.text(names)
    }

    /** Whether a block of one of these names (separated by comma and space) stands around this call. */
    @NonCPS
    static boolean inside(String names) {
        return !Collections.disjoint((List) Json.parse(blocks()), Arrays.asList(names.split(', ')))
    }

    static void say(String text) {
        dsl().invokeMethod('echo', [Steps.marked(text)] as Object[])
    }

    @NonCPS
    static String marked(String text) {
        return '[mfaGate] ' + text.trim().replace('\n', '\n[mfaGate] ')
    }

    /** The values of the watched environment variables that are set, as JSON; null for one whose value Jenkins masks. */
    static String variables(String frozen) {
        return Steps.names(frozen) == '[]' ? '{}' : Steps.values(frozen, (EnvVars) dsl().invokeMethod('getContext', [EnvVars] as Object[]),
            (EnvironmentExpander) dsl().invokeMethod('getContext', [EnvironmentExpander] as Object[]))
    }

    @NonCPS
    static String names(String frozen) {
        return Json.text(Rules.watched(Json.parse(frozen)))
    }

    @NonCPS
    static String values(String frozen, EnvVars all, EnvironmentExpander around) {
        Set<String> masked = masked(around)
        Map values = new LinkedHashMap()
        for (String name : Rules.watched(Json.parse(frozen))) {
            String value = all.get(name)
            if (value != null) { values.put(name, masked.contains(name) ? null : value) }
        }
        return Json.text(values)
    }

    /** The variables that hold secrets as Jenkins knows them: of `withCredentials` around us, and of the build's passwords. */
    @NonCPS
    private static Set<String> masked(EnvironmentExpander around) {
        Set<String> names = new TreeSet<String>(String.CASE_INSENSITIVE_ORDER)
        if (around != null) { names.addAll(around.sensitiveVariables) }
        Object given = CpsThread.current().execution.owner.executable.getAction(ParametersAction)
        if (given == null) { return names }
        for (Object parameter : given.allParameters) {
            if (parameter.sensitive) { names.add((String) parameter.name) }
        }
        return names
    }

    /** Pauses the build. Returns what `input` returned, frozen. */
    static String ask(String request, String nonce, String agent) {
        return Arguments.freeze(dsl().invokeMethod('timeout', [[time: Request.waitSeconds(request), unit: 'SECONDS'], {
            Steps.dsl().invokeMethod('input', [Steps.question(request, nonce, agent)] as Object[])
        }] as Object[]))
    }

    @NonCPS
    static Map question(String request, String nonce, String agent) {
        return [
            id: nonce, submitter: agent, submitterParameter: 'submitter', ok: 'Not here: confirm in Slack',
            message: 'Waiting for approval in Slack: ' + Request.summary(request) + '. If Slack asks for a number: ' + Request.spaced(request) +
                '. Proceed on this page does not pass the gate, it ends the build.',
            parameters: [
                new TextParameterDefinition('MFA_REQUEST', request, 'What the approvers are asked. For reading; a change here is refused.'),
                new StringParameterDefinition('MFA_RECEIPT', '', 'Filled in by jenkins-mfa. Leave empty.'),
            ],
        ]
    }

    /** Runs the body with the receipt in its environment; returns what it returns. */
    static Object withReceipt(String receipt, Closure body) {
        return dsl().invokeMethod('withEnv', [['MFA_RECEIPT=' + receipt], body] as Object[])
    }
}
