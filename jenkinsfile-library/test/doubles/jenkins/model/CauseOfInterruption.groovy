package jenkins.model

abstract class CauseOfInterruption {
    static final class UserInterruption extends CauseOfInterruption {
        final String userId

        UserInterruption(String userId) { this.userId = userId }
    }
}
