package org.jenkinsci.plugins.workflow.cps

/** The running Pipeline thread: `execution.owner.executable` is the run, `head.get().enclosingBlocks` the blocks around. */
class CpsThread {
    static CpsThread now

    final Object execution
    final Object head

    CpsThread(Object build) {
        execution = [owner: build]
        head = build
    }

    static CpsThread current() { return now }
}
