package mfa

import com.cloudbees.groovy.cps.NonCPS

/**
 * Plain data to text and back. Between two pieces of @NonCPS code only text travels, so that no object of a
 * Jenkinsfile can ever stand where ours is expected.
 *
 * Plain data is: null, Boolean, Long, BigDecimal, String, List and Map of plain data with String keys.
 */
class Json implements Serializable {
    static final int MAX_DEPTH = 16

    /**
     * The text of RFC 8259 that Python's json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) writes:
     * the same bytes on both sides, since their SHA-256 is what approvers confirm. Keys must be ASCII to sort alike.
     */
    @NonCPS
    static String text(Object value) {
        StringBuilder out = new StringBuilder()
        write(out, value, '\n')
        return out.toString()
    }

    @NonCPS
    private static void write(StringBuilder out, Object value, String line) {
        if (value instanceof Map) {
            writeAll(out, new TreeMap((Map) value), line)
        } else if (value instanceof List) {
            writeAll(out, (List) value, line)
        } else if (value instanceof String) {
            quote(out, (String) value)
        } else {
            out.append(String.valueOf(value))
        }
    }

    @NonCPS
    private static void writeAll(StringBuilder out, Object values, String line) {
        boolean map = values instanceof Map
        String separator = ''
        out.append(map ? '{' : '[')
        for (Object item : (map ? ((Map) values).entrySet() : (List) values)) {
            out.append(separator).append(line).append('  ')
            if (map) {
                quote(out, (String) ((Map.Entry) item).key)
                out.append(': ')
            }
            write(out, map ? ((Map.Entry) item).value : item, line + '  ')
            separator = ','
        }
        out.append(separator.isEmpty() ? '' : line).append(map ? '}' : ']')
    }

    @NonCPS
    static void quote(StringBuilder out, String value) {
        out.append('"')
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i)
            int escape = '"\\\b\f\n\r\t'.indexOf((int) c)
            if (escape >= 0) {
                out.append('\\').append('"\\bfnrt'.charAt(escape))
            } else if ((int) c < 0x20) {
                out.append(String.format('\\u%04x', (int) c))
            } else {
                out.append(c)
            }
        }
        out.append('"')
    }

    /** RFC 8259 to plain data. Throws IllegalArgumentException for anything else, a key that stands twice included. */
    @NonCPS
    static Object parse(String text) {
        int[] at = [0] as int[]
        Object value = value(text, at, 0)
        space(text, at)
        require(at[0] == text.length())
        return value
    }

    @NonCPS
    private static Object value(String text, int[] at, int depth) {
        require(depth <= MAX_DEPTH)
        space(text, at)
        char c = peek(text, at)
        if (c == '{' as char) { return map(text, at, depth) }
        if (c == '[' as char) { return list(text, at, depth) }
        if (c == '"' as char) { return string(text, at) }
        int start = at[0]
        while (at[0] < text.length() && '+-.0123456789abcdefghijklmnopqrstuvwxyzE'.indexOf((int) text.charAt(at[0])) >= 0) { at[0]++ }
        String word = text.substring(start, at[0])
        if (word == 'null') { return null }
        if (word == 'true' || word == 'false') { return word == 'true' }
        require(word.length() <= 40 && word ==~ /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?/ && word != '-0')
        return word ==~ /-?[0-9]{1,18}/ ? (Object) Long.valueOf(word) : new BigDecimal(word)
    }

    @NonCPS
    private static Map map(String text, int[] at, int depth) {
        Map found = new LinkedHashMap()
        at[0]++
        space(text, at)
        boolean more = peek(text, at) != ('}' as char)
        while (more) {
            space(text, at)
            String key = string(text, at)
            require(!found.containsKey(key))
            space(text, at)
            require(peek(text, at) == (':' as char))
            at[0]++
            found.put(key, value(text, at, depth + 1))
            more = comma(text, at, '}' as char)
        }
        at[0]++
        return found
    }

    @NonCPS
    private static List list(String text, int[] at, int depth) {
        List found = new ArrayList()
        at[0]++
        space(text, at)
        boolean more = peek(text, at) != (']' as char)
        while (more) {
            found.add(value(text, at, depth + 1))
            more = comma(text, at, ']' as char)
        }
        at[0]++
        return found
    }

    /** Whether another element follows; stands on the closing bracket otherwise. */
    @NonCPS
    private static boolean comma(String text, int[] at, char close) {
        space(text, at)
        char c = peek(text, at)
        require(c == close || c == (',' as char))
        if (c == close) { return false }
        at[0]++
        return true
    }

    @NonCPS
    private static String string(String text, int[] at) {
        require(peek(text, at) == ('"' as char))
        StringBuilder found = new StringBuilder()
        at[0]++
        while (peek(text, at) != ('"' as char)) {
            char c = text.charAt(at[0]++)
            require((int) c >= 0x20)
            if (c == ('\\' as char)) { escaped(found, text, at) } else { found.append(c) }
        }
        at[0]++
        return found.toString()
    }

    /** One escape. Half a character, which has no UTF-8, cannot be written by it. */
    @NonCPS
    private static void escaped(StringBuilder found, String text, int[] at) {
        int simple = '"\\/bfnrt'.indexOf((int) peek(text, at))
        if (simple >= 0) {
            at[0]++
            found.append('"\\/\b\f\n\r\t'.charAt(simple))
            return
        }
        char c = hex(text, at)
        found.append(c)
        require(!Character.isLowSurrogate(c))
        if (!Character.isHighSurrogate(c)) { return }
        require(peek(text, at) == ('\\' as char))
        at[0]++
        char low = hex(text, at)
        require(Character.isLowSurrogate(low))
        found.append(low)
    }

    @NonCPS
    private static char hex(String text, int[] at) {
        require(at[0] + 5 <= text.length() && text.substring(at[0], at[0] + 5) ==~ /u[0-9a-fA-F]{4}/)
        at[0] += 5
        return (char) Integer.parseInt(text.substring(at[0] - 4, at[0]), 16)
    }

    @NonCPS
    private static void space(String text, int[] at) {
        while (at[0] < text.length() && ' \t\n\r'.indexOf((int) text.charAt(at[0])) >= 0) { at[0]++ }
    }

    @NonCPS
    private static char peek(String text, int[] at) {
        require(at[0] < text.length())
        return text.charAt(at[0])
    }

    @NonCPS
    private static void require(boolean holds) {
        if (!holds) { throw new IllegalArgumentException('not the JSON that is meant here') }
    }
}
