"""The jobs of the demo: deployments to production and to staging, a migration, a network, secrets, and housekeeping."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator, Parameter
from jenkins_mfa.simulators.jenkins_model import Checkout, Commit

PRODUCTION = "deploy-prod"
STAGING = "deploy-staging"
MIGRATION = "migrate-database"
NETWORK = "apply-network"
ROTATION = "rotate-secrets"
HOUSEKEEPING = "clear-cache"
_REMOTE = "https://git.example.com/shop/web.git"
#: Message, author (Jenkins' guess out of the address), address, changed paths.
_COMMITS = (
    ("Show prices with tax", "dan.fox", "dan.fox@example.com", ("web/prices.py", "web/templates/basket.html")),
    ("Retry the payment once", "eve.lin", "eve.lin@example.com", ("payment/retry.py", "tests/test_retry.py")),
    ("Speed up the search", "dan.fox", "dan.fox@example.com", ("db/migrations/0042_index.sql", "web/search.py")),
    ("Translate the checkout", "ines", "ines@agency.example.net", ("web/locale/de.po", "web/locale/it.po")),
    ("Give the web servers more memory", "eve.lin", "Eve.Lin@example.com", ("infra/production/web.tf",)),
)


def deploy_production(build: Build) -> None:
    """Ask, then deploy: the body runs only after the receipt was verified."""
    version = str(build.params["VERSION"])

    def deploy() -> None:
        build.sh(f"./deploy.sh production {version}")
        build.echo(f"Deployed {version} to production.")

    with build.stage("Deploy to production"):
        build.mfa_gate(
            deploy,
            environment="production",
            action="deploy",
            message=f"Deploy {version}",
            details={"version": version, "ticket": str(build.params["TICKET"])},
            watchEnv=["DB_HOST", "REPLICAS"],
        )


def deploy_staging(build: Build) -> None:
    """The same for staging, where a rule may ask for less."""

    def deploy() -> None:
        build.sh("./deploy.sh staging")
        build.echo("Deployed to staging.")

    with build.stage("Deploy to staging"):
        build.mfa_gate(
            deploy,
            environment="staging",
            action="deploy",
            message="Deploy the main branch",
            watchEnv=["REPLICAS"],
        )


def migrate_database(build: Build) -> None:
    """Whoever confirms has looked into this build's log: the number stands nowhere else."""
    build.mfa_gate(
        lambda: build.sh("./migrate.sh 0042_index"),
        environment="database",
        action="migrate",
        message="Run migration 0042",
        details={"migration": "0042_index"},
    )


def apply_network(build: Build) -> None:
    """What a security key confirms."""
    build.mfa_gate(
        lambda: build.sh("terraform apply network.plan"),
        environment="network",
        action="apply",
        message="Open port 8443 of the gateway",
        details={"plan": "0 to add, 1 to change, 0 to destroy"},
    )


def rotate_secrets(build: Build) -> None:
    """What two teams confirm."""
    build.mfa_gate(
        lambda: build.echo("Rotated the database's password."),
        environment="secrets",
        action="rotate",
        message="Rotate the database's password",
    )


def clear_cache(build: Build) -> None:
    """What the policy lets pass by itself."""
    build.mfa_gate(
        lambda: build.echo("Cleared the cache."),
        environment="cache",
        action="clear",
        message="Clear the cache",
    )


def commits(number: int) -> Sequence[Checkout]:
    """What build `number` of a sample job has checked out: one or two commits that the build before did not have.

    A job's first build lists none, as there is nothing to compare with.
    """
    listed = [_commit(number, place) for place in range(1 + number % 2)]
    return [Checkout(_REMOTE, listed[-1].id, "origin/main", tuple(listed) if number > 1 else ())]


def _commit(number: int, place: int) -> Commit:
    message, author, address, paths = _COMMITS[(number * 2 + place) % len(_COMMITS)]
    sha1 = hashlib.sha1(f"{number} {message}".encode(), usedforsecurity=False).hexdigest()
    return Commit(sha1, author, address, message, paths)


def add_samples(sim: JenkinsSimulator) -> None:
    """Add the jobs; who starts them is the `user` of `sim.build`."""
    parameters = (
        Parameter("VERSION", default="1.4", description="What to deploy"),
        Parameter("TICKET", default="OPS-12", description="Why"),
    )
    env = {"DB_HOST": "db-2.internal", "REPLICAS": "6"}
    sim.job(PRODUCTION, deploy_production, parameters=parameters, checkouts=commits, env=env)
    replicas = (Parameter("REPLICAS", default="2", description="How many servers; another number asks security, too"),)
    sim.job(STAGING, deploy_staging, parameters=replicas, checkouts=commits)
    sim.job(MIGRATION, migrate_database)
    sim.job(NETWORK, apply_network)
    sim.job(ROTATION, rotate_secrets)
    sim.job(HOUSEKEEPING, clear_cache)
