package mfa

import com.cloudbees.groovy.cps.NonCPS

/** What the arguments of `mfaGate` must be. Every fault is a sentence that names the argument and what is allowed. */
class Rules implements Serializable {
    static final String KNOWN = 'action, details, environment, factor, message, quorum, subject, timeoutMinutes, watchEnv'
    static final String FACTORS = 'push, push+number, totp, webauthn'
    static final String OWN_LABELS = 'action, digest, environment, message, subject'
    static final String SLUG = '[a-z0-9][a-z0-9._-]{0,63}'
    static final String DETAIL = '[A-Za-z0-9][A-Za-z0-9._/-]{0,63}'
    static final String VARIABLE = '[A-Za-z_][A-Za-z0-9_]{0,63}'
    static final String SECRET = '(?i).*(PASSW|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|APIKEY|(^|_)(PASS|PWD|CREDS?|AUTH|KEYS?)(_|$)).*'
    static final int MAX_ENTRIES = 20
    static final int MAX_VALUE = 200
    static final int MAX_MESSAGE = 300

    /** All that is wrong with frozen arguments. */
    @NonCPS
    static List<String> faults(Object args) {
        List<String> faults = new ArrayList<String>()
        if (!isMap(args)) {
            faults.add('the arguments are ' + described(args) + "; names and values are needed, such as environment: 'production'.")
            return faults
        }
        for (String name : ((Map) args).keySet()) {
            if (!contains(KNOWN, name)) {
                faults.add('"' + Text.visible(name) + '" is not an argument. Nearest: ' + Text.nearest(name, KNOWN) + '. Known: ' + KNOWN + '.')
            }
        }
        Map given = (Map) args
        slug(faults, 'environment', given, true)
        slug(faults, 'action', given, false)
        text(faults, 'message', given, MAX_MESSAGE, false)
        subject(faults, given)
        details(faults, given)
        watchEnv(faults, given)
        number(faults, 'quorum', given, 10)
        number(faults, 'timeoutMinutes', given, 1440)
        if (given.containsKey('factor') && !(given.factor instanceof String && contains(FACTORS, (String) given.factor))) {
            faults.add('factor ' + described(given.factor) + ' is not known: ' + FACTORS + '.')
        }
        return faults
    }

    /** The names of watchEnv that may be read: those without a fault. */
    @NonCPS
    static List<String> watched(Object args) {
        List<String> names = new ArrayList<String>()
        if (!isMap(args) || !(((Map) args).watchEnv instanceof List)) { return names }
        for (Object name : (List) ((Map) args).watchEnv) {
            if (name instanceof String && faultOfVariable((String) name) == '' && !names.contains(name)) { names.add((String) name) }
        }
        return names
    }

    @NonCPS
    private static void slug(List<String> faults, String name, Map given, boolean needed) {
        Object value = given.get(name)
        if (!given.containsKey(name)) {
            if (needed) { faults.add(name + ' is missing.') }
        } else if (!(value instanceof String)) {
            faults.add(name + ' is ' + described(value) + '; text is needed.' + mend(value))
        } else if (!((String) value ==~ SLUG)) {
            faults.add(name + ' is ' + described(value) + '; up to 64 of a-z, 0-9, dot, dash and underscore are needed, a letter or digit first.')
        }
    }

    @NonCPS
    private static void text(List<String> faults, String name, Map given, int max, boolean needed) {
        String key = name.substring(name.lastIndexOf('.') + 1)
        Object value = given.get(key)
        if (!given.containsKey(key)) {
            if (needed) { faults.add(name + ' is missing.') }
            return
        }
        if (!(value instanceof String)) {
            faults.add(name + ' is ' + described(value) + '; text is needed.' + mend(value))
        } else if (value == '') {
            faults.add(name + ' is empty; 1 to ' + max + ' characters are needed.')
        } else {
            Text.check(faults, name, (String) value, max)
        }
    }

    @NonCPS
    private static void subject(List<String> faults, Map given) {
        if (!given.containsKey('subject')) { return }
        if (!isMap(given.subject)) {
            faults.add('subject is ' + described(given.subject) + '; [name: …, digest: …] is needed.')
            return
        }
        Map subject = (Map) given.subject
        for (String name : subject.keySet()) {
            if (!contains('digest, name', name)) { faults.add('subject.' + Text.visible(name) + ' is not known: digest, name.') }
        }
        text(faults, 'subject.name', subject, MAX_VALUE, true)
        if (subject.containsKey('digest') && !(subject.digest instanceof String && (String) subject.digest ==~ /sha256:[0-9a-f]{64}/)) {
            faults.add('subject.digest is ' + described(subject.digest) + '; sha256: and 64 of 0-9, a-f are needed.')
        }
    }

    @NonCPS
    private static void details(List<String> faults, Map given) {
        if (!given.containsKey('details')) { return }
        if (!isMap(given.details)) {
            faults.add('details is ' + described(given.details) + '; names and values are needed, such as [version: params.VERSION].')
            return
        }
        Map details = (Map) given.details
        if (details.size() > MAX_ENTRIES) { faults.add('details has ' + details.size() + ' entries; ' + MAX_ENTRIES + ' are allowed.') }
        for (Map.Entry entry : details.entrySet()) {
            String name = 'details.' + Text.visible((String) entry.key)
            String value = plain(entry.value)
            if (contains(OWN_LABELS, (String) entry.key)) {
                faults.add(name + ' has the name of an own line; it needs another one.')
            } else if (!((String) entry.key ==~ DETAIL)) {
                faults.add(name + ' needs another name: up to 64 of a-z, A-Z, 0-9, dot, dash, slash and underscore, a letter or digit first.')
            }
            if (value == null) {
                faults.add(name + ' is ' + described(entry.value) + '; text, number, true or false is needed.' + mend(entry.value))
            } else {
                Text.check(faults, name, value, MAX_VALUE)
            }
        }
    }

    /** A detail as text: numbers and booleans as they are written; null if it is none of these. */
    @NonCPS
    static String plain(Object value) {
        if (value instanceof BigDecimal) { return ((BigDecimal) value).toPlainString() }
        return value instanceof String || value instanceof Long || value instanceof Boolean ? String.valueOf(value) : null
    }

    @NonCPS
    private static void watchEnv(List<String> faults, Map given) {
        if (!given.containsKey('watchEnv')) { return }
        if (!(given.watchEnv instanceof List)) {
            faults.add('watchEnv is ' + described(given.watchEnv) + '; a list of names is needed.')
            return
        }
        List names = (List) given.watchEnv
        if (names.size() > MAX_ENTRIES) { faults.add('watchEnv has ' + names.size() + ' entries; ' + MAX_ENTRIES + ' are allowed.') }
        if (new HashSet(names).size() < names.size()) { faults.add('watchEnv names one variable twice.') }
        for (Object name : names) {
            String fault = name instanceof String ? faultOfVariable((String) name) : 'holds ' + described(name) + '; names are needed.'
            if (fault != '') { faults.add('watchEnv: ' + fault) }
        }
    }

    @NonCPS
    private static String faultOfVariable(String name) {
        if (!(name ==~ VARIABLE)) { return '"' + Text.visible(name) + '" is no name of a variable.' }
        return name ==~ SECRET ? name + ' looks like a secret and is not sent.' : ''
    }

    @NonCPS
    private static void number(List<String> faults, String name, Map given, long max) {
        Object value = given.get(name)
        if (given.containsKey(name) && !(value instanceof Long && (Long) value >= 1 && (Long) value <= max)) {
            faults.add(name + ' is ' + described(value) + (value instanceof String ? ' (text)' : '') + '; a whole number from 1 to ' + max + ' is needed.')
        }
    }

    /** A frozen value in words: "20" in quotes, 1.5, null, a list, a map, a closure. */
    @NonCPS
    private static String described(Object value) {
        if (value instanceof String) { return '"' + Text.visible((String) value) + '"' }
        if (value instanceof List) { return 'a list' }
        if (value instanceof Map) { return isMap(value) ? 'a map' : Text.visible(plain(((Map) value).get(''))) }
        return String.valueOf(value)
    }

    /** How what is no plain data becomes text, as a sentence; '' for what is plain, or has no text. */
    @NonCPS
    private static String mend(Object value) {
        String kind = value instanceof Map && !isMap(value) ? (String) ((Map) value).get('') : ''
        return kind ==~ /(an object|a text made|a number) .*/ ? ' Write .toString() after it.' : ''
    }

    /** A map of the Jenkinsfile, not what `Arguments.freeze` writes in the place of an object that it refused. */
    @NonCPS
    private static boolean isMap(Object value) {
        return value instanceof Map && !(((Map) value).get('') instanceof String)
    }

    @NonCPS
    private static boolean contains(String names, String name) {
        return Arrays.asList(names.split(', ')).contains(name)
    }
}
