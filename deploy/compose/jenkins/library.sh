#!/bin/bash
# Serves /library/mfa, which prepare.py laid out, as a git repository with the tag mfa-1. The same content is the same commit.
set -euo pipefail
export HOME=/tmp GIT_AUTHOR_NAME=jenkins-mfa GIT_AUTHOR_EMAIL=jenkins-mfa@example.com GIT_AUTHOR_DATE="2026-01-01T00:00:00Z"
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
rm -rf /tmp/mfa
cp -r /library/mfa /tmp/mfa
cd /tmp/mfa
git init --quiet --initial-branch=main
git add .
git commit --quiet --message="mfaGate"
git tag mfa-1
exec git daemon --reuseaddr --export-all --base-path=/tmp /tmp/mfa
