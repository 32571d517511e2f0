def call(Map args = [:]) { return mfa.Gate.run(args) }
def call(Map args = [:], Closure body) { return mfa.Gate.run(args, body) }
