"""jenkins-mfa: puts a human's second factor in front of the critical steps of a Jenkins Pipeline."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("jenkins-mfa")
except PackageNotFoundError:  # a checkout that nobody has installed
    __version__ = "0.0.0"
