package jenkins.model

class Jenkins {
    static Jenkins instance

    String rootUrl
    List computers = []

    static Jenkins get() { return instance }
}
