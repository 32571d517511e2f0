package mfa

/**
 * The gate: asks, waits, verifies, and opens or ends the build.
 *
 * Only texts live across a step, so that a restart of the controller finds nothing that it cannot store.
 */
class Gate implements Serializable {
    /** Opens the gate for what follows in the Pipeline; returns what the receipt says. */
    static Map run(Map args) {
        return Receipt.facts(Gate.pass(args, true))
    }

    /** Runs the body once the gate is open, with MFA_RECEIPT in its environment; returns what the body returns. */
    static Object run(Map args, Closure body) {
        return Steps.withReceipt(Gate.pass(args, false), body)
    }

    /** Returns the verified receipt, or ends the build. */
    static String pass(Map args, boolean bare) {
        String frozen = Arguments.freeze(args)
        String request = Gate.request(frozen, bare)
        String nonce = Request.nonce()
        String place = Steps.place()
        String answer = 'null'
        Steps.say(Request.announcement(request, Steps.inside('node')) + Lag.ending(Steps.now()))
        Ending.describe('waiting for approval in Slack')
        try {
            answer = Steps.ask(request, nonce, Steps.agent())
        } catch (Exception event) {
            Ending.interrupted(event, request, place, bare)
        }
        String fault = Receipt.verify(answer, request, nonce, Steps.place(), Steps.now())
        if (fault != '') { Ending.refuse(Ending.toldOfRefusal(fault, place, bare), bare) }
        String receipt = Receipt.token(answer)
        Steps.say(Receipt.told(receipt) + Lag.behind(Receipt.newest(receipt)) + '\nGoing on.')
        Ending.approved(Receipt.outcome(receipt))
        return receipt
    }

    /** The text to be asked, or the end of the build with all that is wrong with it. */
    static String request(String frozen, boolean bare) {
        String variables = Steps.variables(frozen)
        String place = Steps.place()
        long now = Steps.now()
        String faults = Request.faults(frozen, variables, place, now)
        if (bare && Steps.inside('catchError, warnError')) {
            faults = ('without a body it does not open inside catchError or warnError, which would go on after a denial: ' +
                'give it a body, or move it outside. ' + faults).trim()
        }
        if (faults != '') { Ending.refuse('mfaGate cannot ask: ' + faults, bare) }
        return Request.text(frozen, variables, place, Request.number(), now)
    }
}
