package hudson.model

/** The parameters of a build: each has a `name` and whether it is `sensitive`. */
class ParametersAction {
    List<Map> allParameters
}
