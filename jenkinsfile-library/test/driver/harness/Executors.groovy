package harness

/** A computer with two executors: one works for the build, one for another. */
class Executors {
    static final List<Executor> all = []

    static Map holding(Build build) {
        all.clear()
        all.add(new Executor(currentExecutable: new PlaceholderExecutable(parent: new Task(run: build.executable))))
        all.add(new Executor(currentExecutable: new PlaceholderExecutable(parent: new Task(run: new Run()))))
        all.add(new Executor())
        return [executors: all]
    }

    static List<Boolean> interrupted(Object held) { return held ? all*.interrupted : [] }

    static class Executor {
        Object currentExecutable
        boolean interrupted

        void interrupt() { interrupted = true }
    }

    static class PlaceholderExecutable { Task parent }

    static class Task {
        Run run

        Run runForDisplay() { return run }
    }
}
