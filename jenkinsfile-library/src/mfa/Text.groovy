package mfa

import com.cloudbees.groovy.cps.NonCPS

/** Which strings can be shown whole and truly, how much room they take, and how foreign ones are named in our sentences. */
class Text implements Serializable {
    static final int MAX_NAMED = 5
    static final String BIDIRECTIONAL = '061C 200E-200F 202A-202E 2066-2069'
    static final String BLANK = '115F-1160 2800 3164 FFA0'
    /** Default-ignorable characters of Unicode that are neither format (Cf) nor unassigned. */
    static final String IGNORABLE = '034F 17B4-17B5 180B-180F FE00-FE0F E0100-E01EF'
    static final String WHITE = '9-D 1C-1F 85 2028-2029'

    /** Adds what is wrong with a value of at most `max` characters, a sentence for each fault. */
    @NonCPS
    static void check(List<String> faults, String name, String value, int max) {
        int length = value.codePointCount(0, value.length())
        if (length > max) { faults.add(name + ' is ' + length + ' characters long; ' + max + ' are allowed, and nothing is cut.') }
        if (value.startsWith(' ') || value.endsWith(' ')) { faults.add(name + ' begins or ends with a space.') }
        if (value.contains('  ')) { faults.add(name + ' holds two spaces in a row.') }
        Set<Integer> wrong = new LinkedHashSet<Integer>()
        int marks = 0
        int most = 0
        for (int i = 0; i < value.length(); i += Character.charCount(value.codePointAt(i))) {
            int c = value.codePointAt(i)
            if (reason(c) != '' && wrong.size() < MAX_NAMED) { wrong.add(c) }
            marks = isMark(c) ? marks + 1 : 0
            most = Math.max(most, marks)
        }
        for (int c : wrong) { faults.add(name + ' holds U+' + String.format('%04X', c) + ', which ' + reason(c) + '. Remove it.') }
        if (most > 2) { faults.add(name + ' holds more than 2 combining marks in a row.') }
    }

    /** Why a character is refused, as what follows "U+202E, which"; '' if it is allowed. */
    @NonCPS
    private static String reason(int c) {
        if (c >= 0x20 && c <= 0x7E) { return '' }
        if (within(c, BIDIRECTIONAL)) { return 'can reverse text' }
        if (within(c, BLANK)) { return 'looks like a space' }
        if (within(c, IGNORABLE)) { return 'cannot be seen' }
        if (within(c, WHITE)) { return 'is white space other than a plain space' }
        int type = Character.getType(c)
        if (type == Character.CONTROL) { return 'is a control character' }
        if (type == Character.FORMAT) { return 'cannot be seen' }
        if (type == Character.UNASSIGNED) { return 'is not assigned' }
        if (type == Character.PRIVATE_USE) { return 'has no agreed look' }
        if (type == Character.SURROGATE) { return 'is half a character' }
        return type == Character.SPACE_SEPARATOR ? 'is white space other than a plain space' : ''
    }

    @NonCPS
    private static boolean within(int c, String ranges) {
        for (String range : ranges.split(' ')) {
            String[] ends = range.split('-')
            if (c >= Integer.parseInt(ends[0], 16) && c <= Integer.parseInt(ends[ends.length - 1], 16)) { return true }
        }
        return false
    }

    @NonCPS
    private static boolean isMark(int c) {
        int type = Character.getType(c)
        return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK || type == Character.COMBINING_SPACING_MARK
    }

    /** The room that a string takes in the approvers' message, in bytes of its escaped form. */
    @NonCPS
    static int shown(String value) {
        int sum = value.getBytes('UTF-8').length
        for (int i = 0; i < value.length(); i++) {
            String c = value.substring(i, i + 1)
            sum += c == '&' ? 4 : (c == '<' || c == '>') ? 3 : (c == '"' || c == '\\') ? 1 : 0
        }
        return sum
    }

    /** Foreign text in our own sentences and log lines: one line, nothing invisible, at most 60 characters. */
    @NonCPS
    static String visible(String value) {
        return visible(value, 60)
    }

    /** The same of at most `max` characters. */
    @NonCPS
    static String visible(String value, int max) {
        StringBuilder out = new StringBuilder()
        int shown = 0
        for (int i = 0; i < value.length(); i += Character.charCount(value.codePointAt(i))) {
            int c = value.codePointAt(i)
            if (++shown > max) { return out.append('…').toString() }
            if (reason(c) == '') { out.appendCodePoint(c) } else { out.append('\\u').append(String.format('%04x', c)) }
        }
        return out.toString()
    }

    /** 2391 as "2,391". */
    @NonCPS
    static String grouped(long number) {
        return String.format(Locale.ROOT, '%,d', number)
    }

    /** The one of `names` that needs the fewest changes to become `name` (Levenshtein). */
    @NonCPS
    static String nearest(String name, String names) {
        String best = ''
        int least = Integer.MAX_VALUE
        for (String candidate : names.split(', ')) {
            int changes = changes(name.length() > 60 ? name.substring(0, 60) : name, candidate)
            if (changes < least) {
                least = changes
                best = candidate
            }
        }
        return best
    }

    @NonCPS
    private static int changes(String from, String to) {
        int[] row = new int[to.length() + 1]
        for (int j = 0; j <= to.length(); j++) { row[j] = j }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0]
            row[0] = i
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1)
                diagonal = row[j]
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1)
            }
        }
        return row[to.length()]
    }
}
