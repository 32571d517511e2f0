package harness

/** Which methods of a Jenkinsfile's own objects were called; on a real Jenkins each of them could replace our answer. */
class Touched {
    static final List<String> names = []

    static Object by(String name) {
        names << name
        return 'HIJACKED'
    }
}
