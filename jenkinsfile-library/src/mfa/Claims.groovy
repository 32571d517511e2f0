package mfa

import com.cloudbees.groovy.cps.NonCPS

/** What a signed receipt must say to open this gate. The order of the checks is that of the agent's own verifier. */
class Claims implements Serializable {
    static final long LATEST = 100000000000L
    static final String HEX = '[0-9a-f]{64}'

    /** Why signed claims do not open this gate, in the words that follow "the receipt"; '' if they do. */
    @NonCPS
    static String fault(Map claims, String sha256, Map ask, String nonce, Map here, long now) {
        if (!(claims.v instanceof Long && claims.v == 1L)) { return 'is of a version that is not known here' }
        if (!haveShape(claims)) { return Receipt.BROKEN }
        Map run = (Map) claims.run
        if (claims.iss != Trust.issuer()) { return 'comes from another installation' }
        if (((Map) claims.source).id != here.source || !((List) claims.aud).contains('mfa:source:' + here.source)) { return 'is for another source' }
        if (run.pipeline != here.pipeline || run.id != here.id || run.attempt != 1L) {
            return 'is for another build (' + Text.visible((String) run.pipeline) + ' #' + Text.visible((String) run.id) + ')'
        }
        if (claims.sub != subject(here)) { return 'contradicts itself about the build that it is for' }
        if (claims.nonce != nonce) { return 'is for another gate of this build' }
        if (claims.request_sha256 != sha256) { return 'answers another request' }
        if (claims.decision != 'approved') { return 'says "' + claims.decision + '"' }
        String fault = faultOfTimes((long) claims.iat, (long) claims.exp, now)
        return fault != '' ? fault : faultOfPeople((List<Map>) claims.approvers, (String) claims.confirm, ask)
    }

    /** Whether every claim of version 1 is there with its type. Unknown ones are ignored. */
    @NonCPS
    private static boolean haveShape(Map claims) {
        return texts(claims, 'iss sub nonce confirm') && matches(claims.jti, '[A-Za-z0-9_-]{1,64}[.][0-9]{1,9}') &&
            matches(claims.decision, '[a-z]{1,32}') && matches(claims.confirm, 'required|none') && claims.assurance == 'verified' &&
            matches(claims.request_sha256, HEX) && whole(claims.iat, 1) && whole(claims.exp, 1) && claims.request instanceof Map &&
            claims.aud instanceof List && allTexts((List) claims.aud) && partsHaveShape(claims) && approversHaveShape(claims.approvers) &&
            (!claims.containsKey('break_glass') || claims.break_glass == Boolean.TRUE)
    }

    @NonCPS
    private static boolean partsHaveShape(Map claims) {
        if (!(claims.source instanceof Map && claims.run instanceof Map && claims.policy instanceof Map && claims.audit instanceof Map)) { return false }
        Map policy = (Map) claims.policy
        Map audit = (Map) claims.audit
        return texts((Map) claims.source, 'kind id') && texts((Map) claims.run, 'pipeline id') && whole(((Map) claims.run).attempt, 1) &&
            matches(policy.sha256, HEX) && policy.rules instanceof List && allTexts((List) policy.rules) && whole(audit.seq, 0) && matches(audit.head, HEX)
    }

    @NonCPS
    private static boolean approversHaveShape(Object approvers) {
        if (!(approvers instanceof List)) { return false }
        for (Object approver : (List) approvers) {
            if (!(approver instanceof Map) || !texts((Map) approver, 'id factor') || !whole(((Map) approver).at, 1)) { return false }
        }
        return true
    }

    @NonCPS
    private static boolean matches(Object value, String pattern) {
        return value instanceof String && (String) value ==~ pattern
    }

    @NonCPS
    private static boolean texts(Map claims, String names) {
        for (String name : names.split(' ')) {
            if (!(claims.get(name) instanceof String) || claims.get(name) == '') { return false }
        }
        return true
    }

    @NonCPS
    private static boolean allTexts(List values) {
        for (Object value : values) {
            if (!(value instanceof String) || value == '') { return false }
        }
        return true
    }

    @NonCPS
    private static boolean whole(Object value, long least) {
        return value instanceof Long && (long) value >= least && (long) value <= LATEST
    }

    @NonCPS
    private static String faultOfTimes(long iat, long exp, long now) {
        if (iat > now + Receipt.LEEWAY) { return 'is dated in the future: compare the clocks' }
        if (exp <= now - Receipt.LEEWAY) { return 'has ended at ' + clock(exp) }
        return exp > iat && exp <= iat + Receipt.MAX_LIFE ? '' : 'is not one of at most 10 minutes'
    }

    @NonCPS
    private static String faultOfPeople(List<Map> approvers, String confirm, Map ask) {
        if ((confirm == 'none') != approvers.isEmpty()) { return Receipt.BROKEN }
        String factor = ask.factor == null ? 'push' : (String) ask.factor
        long quorum = ask.quorum == null ? 1L : (long) ask.quorum
        Set<String> people = new HashSet<String>()
        String best = ''
        long counted = 0
        for (Map approver : approvers) {
            if (!people.add((String) approver.id)) { return 'names one person twice' }
            if (best == '' || strength(approver.factor) > strength(best)) { best = (String) approver.factor }
            if (strength(approver.factor) >= strength(factor)) { counted++ }
        }
        if (approvers.isEmpty()) {
            return ask.factor == null && ask.quorum == null ? '' : 'says that nobody confirmed, but the step asks for a confirmation'
        }
        if (counted == 0) { return 'names ' + Text.visible(best) + ', asked: ' + factor }
        return counted >= quorum ? '' : 'names ' + best + ' by ' + counted + (counted == 1 ? ' person' : ' people') + ', asked: ' + quorum
    }

    /** The place of a factor in the order of strength; -1 for one that is not known, which counts for nothing. */
    @NonCPS
    private static int strength(Object factor) {
        return Arrays.asList(Rules.FACTORS.split(', ')).indexOf(factor)
    }

    /** The claim `sub` of a receipt for this build. */
    @NonCPS
    private static String subject(Map here) {
        StringBuilder encoded = new StringBuilder()
        for (byte b : ((String) here.pipeline).getBytes('UTF-8')) {
            String c = String.valueOf((char) (b & 0xFF))
            encoded.append(c ==~ /[A-Za-z0-9_.~-]/ ? c : String.format('%%%02X', b & 0xFF))
        }
        return 'mfa:run:' + here.source + ':' + encoded + ':' + here.id + ':1'
    }

    /** Unix seconds as 16:05:00 UTC. */
    @NonCPS
    static String clock(long seconds) {
        return java.time.Instant.ofEpochSecond(seconds).toString().substring(11, 19) + ' UTC'
    }
}
