package org.jenkinsci.plugins.workflow.steps

/** What the blocks around a step add to the environment; `sensitiveVariables` are masked in the log. */
class EnvironmentExpander implements Serializable {
    Set<String> sensitiveVariables = []
}
