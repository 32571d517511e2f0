package mfa

import com.cloudbees.groovy.cps.NonCPS
import java.security.MessageDigest
import java.security.SecureRandom

/** The request that approvers are asked (MFA_REQUEST, version 1). Whoever confirms it confirms the SHA-256 of its text. */
class Request implements Serializable {
    static final String LIBRARY = '1.0.0'
    static final int MAX_BYTES = 4096
    static final int MAX_SHOWN = 2200
    static final int MAX_PIPELINE = 1000
    /** What `timeout` in Jenkins waits beyond the gate's own deadline, in seconds: the agent ends the gate, not Jenkins. */
    static final int GRACE = 600

    /**
     * All that keeps this request from being asked, as sentences; '' if nothing does.
     *
     * @param frozen    what Arguments.freeze made of the arguments
     * @param variables JSON map: name to value of the watched environment variables that are set; null for a secret
     * @param place     what Steps.place() says
     */
    @NonCPS
    static String faults(String frozen, String variables, String place, long now) {
        List<String> faults = Rules.faults(Json.parse(frozen))
        for (Map.Entry entry : ((Map) Json.parse(variables)).entrySet()) {
            if (entry.value == null) {
                faults.add('watchEnv: ' + entry.key + ' is masked by Jenkins as a secret and is not sent.')
            } else {
                Text.check(faults, 'watchEnv: ' + entry.key, (String) entry.value, Rules.MAX_VALUE)
            }
        }
        Map here = (Map) Json.parse(place)
        Text.check(faults, 'the name of this job', (String) here.pipeline, MAX_PIPELINE)
        if (here.source == null) {
            faults.add('this Jenkins is not named in the class mfa.Trust of the library: its administrator runs jenkins-mfa keys public --library DIR.')
        }
        if (kids(now).isEmpty()) {
            faults.add('the library holds no key that is still in use: its administrator runs jenkins-mfa keys public --library DIR.')
        }
        if (faults.isEmpty()) { size(faults, text(frozen, variables, place, '000000', now)) }
        return faults.join(' ')
    }

    @NonCPS
    private static void size(List<String> faults, String text) {
        Map request = (Map) Json.parse(text)
        int bytes = text.getBytes('UTF-8').length
        int shown = shown(text)
        Map parts = [message: shownValue(request.message), subject: shownSubject(request.subject), details: shownValue(request.details),
                     watchEnv: shownValue(request.variables) + shownValue(request.unset)]
        String most = 'message'
        for (String part : parts.keySet()) {
            if ((int) parts.get(part) > (int) parts.get(most)) { most = part }
        }
        String advice = ' are allowed: shorten ' + most + ' (' + Text.grouped((int) parts.get(most)) + ').'
        if (shown > MAX_SHOWN) { faults.add('the request takes ' + Text.grouped(shown) + ' to show; ' + Text.grouped(MAX_SHOWN) + advice) }
        if (bytes > MAX_BYTES) { faults.add('the request is ' + Text.grouped(bytes) + ' bytes long; ' + Text.grouped(MAX_BYTES) + advice) }
    }

    /** The room that a request takes in the approvers' message. */
    @NonCPS
    static int shown(String text) {
        Map request = (Map) Json.parse(text)
        return 36 + shownValue(request.message) + shownValue(request.action) + shownValue(request.environment) +
            shownSubject(request.subject) + shownValue(request.details) + shownValue(request.variables) + shownValue(request.unset)
    }

    @NonCPS
    private static int shownSubject(Object subject) {
        return subject == null ? 0 : 12 + Text.shown((String) ((Map) subject).name) + shownValue(((Map) subject).digest)
    }

    @NonCPS
    private static int shownValue(Object value) {
        if (value instanceof String) { return Text.shown((String) value) }
        if (value == null) { return 0 }
        int sum = 0
        if (value instanceof List) {
            for (Object name : (List) value) { sum += 12 + Text.shown((String) name) }
        } else if (value instanceof Map) {
            for (Map.Entry entry : ((Map) value).entrySet()) { sum += 6 + Text.shown((String) entry.key) + Text.shown((String) entry.value) }
        }
        return sum
    }

    /** The text of the request; only for arguments without a fault. `now` in Unix seconds. */
    @NonCPS
    static String text(String frozen, String variables, String place, String number, long now) {
        Map args = (Map) Json.parse(frozen)
        Map here = (Map) Json.parse(place)
        String action = args.action == null ? 'run' : (String) args.action
        Map request = [v: 1L, lib: LIBRARY, kids: kids(now), at: now, number: number, run: [pipeline: here.pipeline, id: here.id],
                       environment: args.environment, action: action, message: args.message == null ? action + ', ' + args.environment : args.message]
        if (args.subject != null) { request.put('subject', args.subject) }
        Map details = new LinkedHashMap()
        if (args.details != null) {
            for (Map.Entry entry : ((Map) args.details).entrySet()) { details.put(entry.key, Rules.plain(entry.value)) }
        }
        Map values = (Map) Json.parse(variables)
        List<String> unset = Rules.watched(args)
        unset.removeAll(values.keySet())
        Map ask = new LinkedHashMap()
        if (args.factor != null) { ask.put('factor', args.factor) }
        if (args.quorum != null) { ask.put('quorum', args.quorum) }
        if (args.timeoutMinutes != null) { ask.put('ttl', (Long) args.timeoutMinutes * 60L) }
        putUnlessEmpty(request, [details: details, variables: values, unset: unset, ask: ask])
        return Json.text(request)
    }

    @NonCPS
    private static void putUnlessEmpty(Map request, Map parts) {
        for (Map.Entry part : parts.entrySet()) {
            boolean empty = part.value instanceof Map ? ((Map) part.value).isEmpty() : ((List) part.value).isEmpty()
            if (!empty) { request.put(part.key, part.value) }
        }
    }

    /** The ids of the keys whose receipts this build accepts: at most four, the agent refuses more. */
    @NonCPS
    private static List<String> kids(long now) {
        List<String> kids = new ArrayList<String>()
        for (List key : Trust.keys()) {
            if ((long) key.get(3) > now && kids.size() < 4) { kids.add((String) key.get(0)) }
        }
        return kids
    }

    /** What the step itself asks for at least, as JSON: factor, quorum, ttl, as far as it names them. */
    @NonCPS
    static String asked(String request) {
        Object ask = ((Map) Json.parse(request)).ask
        return Json.text(ask == null ? new HashMap() : ask)
    }

    /** How long the approvers have at most, in seconds; the policy may give them less. */
    @NonCPS
    private static int answerSeconds(String request) {
        Object ttl = ((Map) Json.parse(asked(request))).ttl
        return (int) Math.min(ttl == null ? (long) Trust.maxSeconds() : (long) ttl, (long) Trust.maxSeconds())
    }

    /** How long Jenkins lets the input wait at most, in seconds. */
    @NonCPS
    static int waitSeconds(String request) {
        return answerSeconds(request) + GRACE
    }

    /** What is asked, in one line: deploy, production. "Deploy 1.4" */
    @NonCPS
    static String summary(String request) {
        Map asked = (Map) Json.parse(request)
        return asked.action + ', ' + asked.environment + '. "' + asked.message + '"'
    }

    /** Seconds for people: 90 as "2 min". */
    @NonCPS
    private static String minutes(int seconds) {
        return (seconds + 59).intdiv(60) + ' min'
    }

    /** What the log says when Jenkins itself has ended the wait. */
    @NonCPS
    static String unanswered(String request) {
        return 'No answer within ' + minutes(waitSeconds(request)) + ', not even from jenkins-mfa, which had to end it after ' +
            minutes(answerSeconds(request)) + ': it may be down. Ask its operator: jenkins-mfa check'
    }

    /** What the log says before the build pauses. */
    @NonCPS
    static String announcement(String request, boolean insideNode) {
        return 'Paused for approval in Slack: ' + summary(request) + '\nIf Slack asks for a number: ' + spaced(request) +
            '\nThe approvers have ' + minutes(answerSeconds(request)) + ' at most, less if the policy says so. Jenkins itself ends the wait after ' +
            minutes(waitSeconds(request)) + '.' +
            (insideNode ? '\nThis step stands inside node { }, so an executor is held while it waits. Move it outside.' : '')
    }

    /** The number as a person reads it: 493 817. */
    @NonCPS
    static String spaced(String request) {
        String number = (String) ((Map) Json.parse(request)).number
        return number.substring(0, 3) + ' ' + number.substring(3)
    }

    @NonCPS
    static String sha256(String request) {
        StringBuilder hex = new StringBuilder()
        for (byte b : MessageDigest.getInstance('SHA-256').digest(request.getBytes('UTF-8'))) { hex.append(String.format('%02x', b)) }
        return hex.toString()
    }

    /** The id of the input, which the receipt must name. Jenkins would capitalise the first letter itself. */
    @NonCPS
    static String nonce() {
        byte[] random = new byte[16]
        new SecureRandom().nextBytes(random)
        StringBuilder hex = new StringBuilder('Mfa-')
        for (byte b : random) { hex.append(String.format('%02x', b)) }
        return hex.toString()
    }

    /** Six digits that stand in the build's log and page only: who types them in Slack looks at this build. */
    @NonCPS
    static String number() {
        return String.format('%06d', new SecureRandom().nextInt(1000000))
    }
}
