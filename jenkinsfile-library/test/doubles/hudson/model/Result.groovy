package hudson.model

final class Result {
    static final Result SUCCESS = new Result('SUCCESS', 0)
    static final Result UNSTABLE = new Result('UNSTABLE', 1)
    static final Result FAILURE = new Result('FAILURE', 2)
    static final Result ABORTED = new Result('ABORTED', 4)

    final String name
    final int ordinal

    private Result(String name, int ordinal) {
        this.name = name
        this.ordinal = ordinal
    }

    boolean isWorseThan(Result other) { return ordinal > other.ordinal }

    @Override
    String toString() { return name }
}
