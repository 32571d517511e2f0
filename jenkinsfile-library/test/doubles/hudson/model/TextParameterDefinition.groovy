package hudson.model

class TextParameterDefinition extends StringParameterDefinition {
    TextParameterDefinition(String name, String defaultValue, String description) { super(name, defaultValue, description) }
}
