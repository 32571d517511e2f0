package harness

import hudson.model.Result

/** A build's record, as `CpsThread.current().execution.owner.executable` gives it. */
class Run {
    Map parent
    int number
    String description
    boolean killed
    private Result result

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
