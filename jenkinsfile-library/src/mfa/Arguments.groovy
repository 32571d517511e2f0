package mfa

import com.cloudbees.groovy.cps.NonCPS
import org.codehaus.groovy.runtime.GStringImpl

/**
 * The arguments of a Jenkinsfile. They are frozen into text once, before anything else, and only that text is
 * looked at: an object that changes while the build waits, or that answers differently when asked twice, changes nothing.
 */
class Arguments implements Serializable {
    static final int MAX_FROZEN = 262144
    static final String TOO_LARGE = 'larger than 256 KiB'
    static final int MAX_DEPTH = 8
    static final int MAX_PARTS = 1000
    static final int MAX_DIGITS = 30

    /**
     * A foreign object as JSON. What is no plain data stands there as {"": "a closure"}, which no check accepts.
     *
     * Only operators touch the object. A method of a Jenkinsfile that is called inside @NonCPS code ends that code,
     * and what it returns becomes what our own method returns.
     */
    @NonCPS
    static String freeze(Object value) {
        StringBuilder out = new StringBuilder()
        write(out, value, 0)
        return out.length() <= MAX_FROZEN ? out.toString() : '{"": "' + TOO_LARGE + '"}'
    }

    @NonCPS
    private static void write(StringBuilder out, Object value, int depth) {
        String kind = kind(value, depth)
        if (kind == 'text') {
            Json.quote(out, value instanceof GString ? joined((GString) value, depth) : (String) value)
        } else if (kind == 'map') {
            writeMap(out, (Map) value, depth)
        } else if (kind == 'list') {
            writeList(out, (List) value, depth)
        } else if (kind == 'scalar') {
            out.append(value instanceof BigDecimal ? ((BigDecimal) value).toPlainString() : String.valueOf(value))
        } else {
            out.append('{"": ')
            Json.quote(out, kind)
            out.append('}')
        }
    }

    /** 'text', 'map', 'list' or 'scalar' for plain data (elements not looked at); otherwise what it is, in words. */
    @NonCPS
    private static String kind(Object value, int depth) {
        if (value == null) { return 'scalar' }
        if (depth > MAX_DEPTH) { return 'nested too deeply' }
        if (value instanceof GString && value.getClass() == GStringImpl) { return joined((GString) value, depth) == null ? 'a text made of an object, or too large' : 'text' }
        if (value instanceof Closure) { return 'a closure' }
        if (value instanceof GroovyObject) { return 'an object of the Pipeline' }
        Class type = value.getClass()
        if (type == String) { return ((String) value).length() > MAX_FROZEN ? TOO_LARGE : 'text' }
        if (type == Boolean || type == Integer || type == Long) { return 'scalar' }
        if (type == BigDecimal) { return digits((BigDecimal) value) > MAX_DIGITS ? 'a number of more than 30 digits' : 'scalar' }
        if (type == Double) { return ((Double) value).isNaN() || ((Double) value).isInfinite() ? 'no number' : 'scalar' }
        if (type == ArrayList || type == LinkedList) { return 'list' }
        if (type == LinkedHashMap || type == HashMap || type == TreeMap) { return keysAreText((Map) value) ? 'map' : 'a map with a name that is empty, too long or no text' }
        return 'an object of ' + type.name
    }

    /** Those of its plain form, or a few more: 1e999999999 is short to write and larger than any memory. */
    @NonCPS
    private static long digits(BigDecimal value) {
        return value.precision() + Math.abs((long) value.scale())
    }

    @NonCPS
    private static boolean keysAreText(Map value) {
        for (Map.Entry entry : value.entrySet()) {
            if (entry.key == null || entry.key instanceof GroovyObject || entry.key.getClass() != String) { return false }
            int length = ((String) entry.key).length()
            if (length == 0 || length > MAX_FROZEN) { return false }
        }
        return true
    }

    /** A GString by its parts, since its toString() calls theirs; null if it is too large or a part is neither text nor number. */
    @NonCPS
    private static String joined(GString value, int depth) {
        StringBuilder text = new StringBuilder()
        return join(text, value, depth, [0] as int[]) ? text.toString() : null
    }

    /** Counts the parts over all that are nested: a few lines of a Jenkinsfile can nest more than any memory holds. */
    @NonCPS
    private static boolean join(StringBuilder text, GString value, int depth, int[] parts) {
        if (depth > MAX_DEPTH) { return false }
        String[] strings = value.strings
        Object[] values = value.values
        for (int i = 0; i < strings.length; i++) {
            text.append(strings[i])
            if (i >= values.length) { continue }
            if (++parts[0] > MAX_PARTS || text.length() > MAX_FROZEN) { return false }
            Object part = values[i]
            if (part instanceof GString && part.getClass() == GStringImpl) {
                if (!join(text, (GString) part, depth + 1, parts)) { return false }
            } else {
                String kind = kind(part, depth)
                if (kind != 'text' && kind != 'scalar') { return false }
                text.append(String.valueOf(part))
            }
        }
        return true
    }

    @NonCPS
    private static void writeMap(StringBuilder out, Map value, int depth) {
        String separator = ''
        out.append('{')
        for (Map.Entry entry : value.entrySet()) {
            if (out.length() > MAX_FROZEN) { break }
            out.append(separator)
            Json.quote(out, (String) entry.key)
            out.append(': ')
            write(out, entry.value, depth + 1)
            separator = ', '
        }
        out.append('}')
    }

    @NonCPS
    private static void writeList(StringBuilder out, List value, int depth) {
        String separator = ''
        out.append('[')
        for (Object item : value) {
            if (out.length() > MAX_FROZEN) { break }
            out.append(separator)
            write(out, item, depth + 1)
            separator = ', '
        }
        out.append(']')
    }
}
