package harness

import hudson.model.ParametersAction
import hudson.model.Result

/** A build's record, as `CpsThread.current().execution.owner.executable` gives it. */
class Run {
    Map parent
    int number
    String description
    List<String> passwords
    boolean killed
    private Result result

    /** The parameters; null for a build without any. */
    ParametersAction getAction(Class type) {
        assert type == ParametersAction
        List<Map> all = [[name: 'PLAIN', sensitive: false]] + passwords.collect { [name: it, sensitive: true] }
        return passwords == null ? null : new ParametersAction(allParameters: all)
    }

    /** A result only becomes worse. */
    void setResult(Result worse) {
        if (result == null || worse.isWorseThan(result)) { result = worse }
    }

    Result getResult() { return result }

    /** Nothing of the Pipeline runs afterwards, whatever it catches; the result is ABORTED, whatever it was. */
    void doKill() {
        killed = true
        result = Result.ABORTED
    }
}
