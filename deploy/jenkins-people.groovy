// Who has an account in this Jenkins, for `jenkins-mfa roster import --jenkins SOURCE=FILE`: paste it into Manage Jenkins, Script
// Console, and save what it prints (one line of JSON) as FILE. It reads and changes nothing. Only an administrator of Jenkins sees
// other people's addresses, so the agent's account needs no further right.
//
// `directory` is an address that the security realm's own directory tells (LDAP, Active Directory). `profile` is one that people
// write into their own profile in Jenkins, or that Jenkins took out of a commit: nobody checks it.
import groovy.json.JsonOutput
import hudson.model.User
import hudson.tasks.MailAddressResolver
import hudson.tasks.Mailer
import jenkins.model.Jenkins

def realm = Jenkins.get().securityRealm.class.package
def directories = MailAddressResolver.all().findAll { it.class.package == realm }

println JsonOutput.toJson(User.all.collect { user ->
    def own = user.getProperty(Mailer.UserProperty)
    [
        id       : user.id,
        directory: directories.findResult { it.findMailAddressFor(user) },
        profile  : own?.hasExplicitlyConfiguredAddress() ? own.emailAddress : null,
    ]
})
