"""jenkins-mfa: puts a human's second factor in front of the critical steps of a Jenkins Pipeline."""

__version__ = "0.1.0"
