// Written by `jenkins-mfa keys public --library DIR`. Do not edit: the next run of that command replaces this file.
//
// THIS ONE IS A SAMPLE. Nobody holds its private key: no receipt is accepted until the command has written yours.
//
// The command fills in five things and changes nothing else:
//   keys()        one row for each signing key that builds may trust: kid, alg, SubjectPublicKeyInfo in Base64,
//                 last moment of use in Unix seconds (with L). New keys first; builds look at the first four in use.
//   issuer()      'mfa:' and the name of the installation
//   sources()     one row for each controller: its URL ([[sources]] public_url, with a slash at its end),
//                 the source's id, the user id of the agent's account there
//   maxSeconds()  [limits] max_ttl in seconds
//   bare()        'throw', or 'kill': how the form without a body ends a build
// Strings stand in single quotes; backslash and single quote in them are escaped with a backslash.
package mfa

import com.cloudbees.groovy.cps.NonCPS

/** Whom this library believes. Every method makes its answer anew: what a Jenkinsfile does to one changes no other. */
class Trust implements Serializable {
    @NonCPS
    static List<List> keys() {
        return [
            ['sample', 'EdDSA', 'MCowBQYDK2VwAyEA1yoXCH9XDyVweJYfnJbwCtAZq7cy2M+LdCF/RcnEjWA=', 4102444800L],
        ]
    }

    @NonCPS
    static String issuer() { return 'mfa:sample' }

    @NonCPS
    static List<List<String>> sources() {
        return [
            ['http://localhost:8080/', 'main', 'mfa-agent'],
        ]
    }

    @NonCPS
    static int maxSeconds() { return 3600 }

    @NonCPS
    static String bare() { return 'throw' }

    /** [id of the source, user id of the agent] of the controller with this URL; null if it is none of ours. */
    @NonCPS
    static List<String> source(String rootUrl) {
        for (List<String> row : sources()) {
            if (row.get(0) == rootUrl) { return [row.get(1), row.get(2)] }
        }
        return null
    }
}
