package hudson.model

class StringParameterDefinition {
    final String name
    final String defaultValue
    final String description

    StringParameterDefinition(String name, String defaultValue, String description) {
        this.name = name
        this.defaultValue = defaultValue
        this.description = description
    }
}
