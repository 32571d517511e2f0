package mfa

import com.cloudbees.groovy.cps.NonCPS
import hudson.model.Result
import jenkins.model.CauseOfInterruption
import jenkins.model.Jenkins
import org.jenkinsci.plugins.workflow.cps.CpsThread
import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException
import org.jenkinsci.plugins.workflow.steps.TimeoutStepExecution
import org.jenkinsci.plugins.workflow.support.steps.input.Rejection

/** How a gate that does not open ends its build, and the build's description. */
class Ending implements Serializable {
    static final String OWN = 'mfa: '
    static final int MAX_LINE = 500

    /** Ends the build for a reason of ours. Never returns. */
    static void refuse(String why, boolean bare) {
        Ending.finish(why, bare, null)
    }

    /** Ends the build for what ended the wait. Never returns. */
    static void interrupted(Exception event, String request, String place, boolean bare) {
        Ending.finish(Ending.told(event, request, place), bare, event)
    }

    /** The result is set first: whatever the Pipeline catches, it can no longer be a better one. */
    static void finish(String why, boolean bare, Exception event) {
        Ending.mark()
        boolean hard = bare && Trust.bare() == 'kill'
        Steps.say(why + '\n' + (hard ? 'This build is ended now.' : 'This build is marked ABORTED, whatever the Pipeline catches.'))
        if (hard) { Ending.kill() }
        throw Ending.exception(event)
    }

    @NonCPS
    static void mark() {
        run().setResult(Result.ABORTED)
        String line = own()
        if (line != '' && !line.startsWith('denied') && !line.startsWith('expired')) { describe('ended: not approved') }
    }

    /** With the causes that Jenkins gave, so that it records who stopped the build; an interruption, so that `retry` ends too. */
    @NonCPS
    static FlowInterruptedException exception(Exception event) {
        List causes = event instanceof FlowInterruptedException ? ((FlowInterruptedException) event).causes : []
        return new FlowInterruptedException(Result.ABORTED, true, causes as CauseOfInterruption[])
    }

    /** Ends the build so that no `catch` goes on, and frees the executors that it holds. */
    @NonCPS
    static void kill() {
        Object run = run()
        List held = new ArrayList()
        for (Object computer : Jenkins.get().computers) {
            for (Object executor : computer.executors) {
                Object work = executor.currentExecutable
                if (work != null && work.getClass().simpleName == 'PlaceholderExecutable' && work.parent.runForDisplay().is(run)) { held.add(executor) }
            }
        }
        run.doKill()
        for (Object executor : held) { executor.interrupt() }
    }

    @NonCPS
    static Object run() {
        return CpsThread.current().execution.owner.executable
    }

    /** What ended the wait, in sentences. `event` comes from our own `timeout` and `input`, never from a Jenkinsfile. */
    @NonCPS
    static String told(Exception event, String request, String place) {
        List causes = event instanceof FlowInterruptedException ? ((FlowInterruptedException) event).causes : []
        Object cause = causes.isEmpty() ? null : causes.get(0)
        if (cause instanceof Rejection) { return toldOfRejection(((Rejection) cause).user?.id, place) }
        if (cause instanceof CauseOfInterruption.UserInterruption) {
            return 'The build was stopped by ' + Text.visible(String.valueOf(((CauseOfInterruption.UserInterruption) cause).userId)) + '.'
        }
        if (cause instanceof TimeoutStepExecution.ExceededTimeout) {
            return ((FlowInterruptedException) event).actualInterruption ? 'A timeout around this step ended the wait.'
                : Request.unanswered(request)
        }
        return 'Jenkins ended the wait before an answer came' + (event instanceof FlowInterruptedException ? '.' : ': ' + event.getClass().name)
    }

    @NonCPS
    private static String toldOfRejection(String user, String place) {
        Map here = (Map) Json.parse(place)
        if (user != here.agent) { return 'Aborted in Jenkins by ' + (user == null ? 'somebody' : Text.visible(user)) + '.' }
        String line = own()
        if (line == '' || line.startsWith('waiting') || line.startsWith('ended')) {
            return 'Not approved: jenkins-mfa aborted this step. Who and why: the Slack message, or: ' + show(place)
        }
        return 'Not approved. jenkins-mfa wrote (not verified): "' + Text.visible(line, MAX_LINE) + '"\nStart a new build to ask again.'
    }

    /** A fault of the receipt, with what to do where it is no mere wrong button. */
    @NonCPS
    static String toldOfRefusal(String fault, String place, boolean bare) {
        if (!fault.startsWith(Receipt.REFUSED)) { return fault }
        return fault + '\n' + (bare ? '' : 'The body did not run. ') + 'Tell security: ' + show(place)
    }

    /** The command that tells more about this build. */
    @NonCPS
    static String show(String place) {
        Map here = (Map) Json.parse(place)
        return 'jenkins-mfa show --run "' + here.pipeline + '" ' + here.id
    }

    /** Our own line of the build's description, without its mark; '' if there is none. */
    @NonCPS
    private static String own() {
        for (String line : String.valueOf(run().description).split('\n')) {
            if (line.startsWith(OWN)) { return line.substring(OWN.length()).trim() }
        }
        return ''
    }

    /** Says what the receipt says, unless the agent was quicker: it knows people's names. */
    @NonCPS
    static void approved(String text) {
        String line = own()
        if (!line.startsWith('approved') && !line.startsWith('passed')) { describe(text) }
    }

    /** Puts our own line into the description and leaves the author's lines as they are. */
    @NonCPS
    static void describe(String text) {
        Object run = run()
        List<String> lines = new ArrayList<String>()
        if (run.description != null) {
            for (String line : ((String) run.description).split('\n')) {
                if (!line.startsWith(OWN)) { lines.add(line) }
            }
        }
        lines.add(OWN + text.replace('<', '‹').replace('>', '›'))
        run.setDescription(lines.join('\n'))
    }
}
