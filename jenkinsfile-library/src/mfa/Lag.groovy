package mfa

import com.cloudbees.groovy.cps.NonCPS

/** What the log says where the class Trust lags behind the agent's keys, so that a new one is published in time. It decides nothing. */
class Lag implements Serializable {
    /** Before the end of the last key, in seconds, from which on the log tells it. */
    static final long SOON = 2592000L
    static final String MEND = ': the administrator of the library runs jenkins-mfa keys public --library DIR, and sets the new tag.'

    /** Before the build pauses: a line if the last key of Trust ends soon; '' otherwise. `now` in Unix seconds. */
    @NonCPS
    static String ending(long now) {
        List last = null
        for (List key : Trust.keys()) {
            if (last == null || (long) key.get(3) > (long) last.get(3)) { last = key }
        }
        if (last == null || (long) last.get(3) - now >= SOON) { return '' }
        long days = ((long) last.get(3) - now).intdiv(86400)
        return '\nThe last key that this library knows, ' + last.get(0) + ', ends in ' + days + (days == 1L ? ' day' : ' days') + MEND
    }

    /** After it: a line if jenkins-mfa has a newer key than those that it was told of; '' otherwise. */
    @NonCPS
    static String behind(String newest) {
        if (!(newest ==~ Receipt.KID)) { return '' }
        for (List key : Trust.keys()) {
            if (key.get(0) == newest) { return '' }
        }
        return '\nThis library does not know the newest key of jenkins-mfa, ' + newest + MEND
    }
}
