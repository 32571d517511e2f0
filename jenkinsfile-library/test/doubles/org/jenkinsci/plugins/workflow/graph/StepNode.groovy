package org.jenkinsci.plugins.workflow.graph

interface StepNode {
    Object getDescriptor()
}
