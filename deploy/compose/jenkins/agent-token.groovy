// The API token that prepare.py made for the agent: the one thing that configuration as code cannot say.
import hudson.model.User
import jenkins.security.ApiTokenProperty

ApiTokenProperty tokens = User.getById('mfa-agent', false).getProperty(ApiTokenProperty)
String token = new File('/handed/agent.token').text.trim()
if (!tokens.matchesPassword(token)) {
    tokens.addFixedNewToken('jenkins-mfa', token)
}
