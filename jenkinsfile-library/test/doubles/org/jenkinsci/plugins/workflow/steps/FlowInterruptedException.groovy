package org.jenkinsci.plugins.workflow.steps

import hudson.model.Result
import jenkins.model.CauseOfInterruption

class FlowInterruptedException extends InterruptedException {
    final Result result
    final List<CauseOfInterruption> causes
    boolean actualInterruption

    FlowInterruptedException(Result result, boolean actualInterruption, CauseOfInterruption... causes) {
        this.result = result
        this.causes = Arrays.asList(causes)
        this.actualInterruption = actualInterruption
    }
}
