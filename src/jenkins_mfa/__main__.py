"""`python -m jenkins_mfa`."""

from jenkins_mfa.cli import main

main(prog_name="jenkins-mfa")
