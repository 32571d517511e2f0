package org.jenkinsci.plugins.workflow.support.steps.input

import jenkins.model.CauseOfInterruption

final class Rejection extends CauseOfInterruption {
    final Object user

    Rejection(String id) { user = id == null ? null : [id: id] }
}
