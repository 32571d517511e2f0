package org.jenkinsci.plugins.workflow.steps

import jenkins.model.CauseOfInterruption

class TimeoutStepExecution {
    static final class ExceededTimeout extends CauseOfInterruption { }
}
