package hudson

class EnvVars extends TreeMap<String, String> {
    EnvVars(Map<String, String> variables) { super(variables) }
}
