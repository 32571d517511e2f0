"""The chart, rendered by Helm's own engine, against Kubernetes' schemas: `make deploy-check`. No cluster has run it."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from helm_python.chart import Chart, lint
from helm_python.errors import HelmError

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "jenkins-mfa"
SCHEMAS = ("1.27", "1.37")  #: the oldest that the chart allows, and the newest that is known here
#: Kinds whose schemas come with their operators.
FOREIGN = {"ExternalSecret", "ServiceMonitor"}
VALUES: dict[str, Any] = {
    "config": '[[sources]]\n[web]\nlisten = "0.0.0.0:8443"\n[metrics]\nlisten = "0.0.0.0:9464"\n',
    "policy": "version = 1\n",
    "roster": "version = 1\n",
}
EXTERNAL = {"external": {"enabled": True, "store": {"name": "vault"}, "key": "mfa", "keysKey": "mfa-keys"}}
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "all of it": {"secrets": EXTERNAL, "metrics": {"serviceMonitor": {"enabled": True, "labels": {"release": "p"}}}},
    "without pages": {"pages": {"enabled": False}},
    "without numbers": {"metrics": {"enabled": False}, "pages": {"scheme": "HTTPS"}},
    "nothing kept": {"state": {"persistent": False}, "networkPolicy": {"enabled": False}},
    "pinned": {"image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]}, "replicas": 3},
    "peers": {"networkPolicy": {"pagesFrom": [{"namespaceSelector": {}}], "metricsFrom": [{"podSelector": {}}]}},
}


def rendered(**more: Any) -> dict[str, list[dict[str, Any]]]:
    """Objects by kind."""
    chart = Chart.load(CHART)
    chart.validate_schema(VALUES | more)
    texts = chart.render(VALUES | more, name="mfa", namespace="ci")
    objects = chain.from_iterable(yaml.safe_load_all(text) for name, text in texts.items() if name.endswith(".yaml"))
    found: dict[str, list[dict[str, Any]]] = {}
    for one in filter(None, objects):
        found.setdefault(one["kind"], []).append(one)
    return found


def pod(**more: Any) -> dict[str, Any]:
    spec: dict[str, Any] = rendered(**more)["StatefulSet"][0]["spec"]["template"]["spec"]
    return spec


def test_helm_has_nothing_to_say() -> None:
    """`helm lint --strict`; that there is no picture of it is no fault."""
    report = lint(CHART, VALUES, strict=True)
    assert report["errors"] == []
    assert [one["error"] for one in report["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("version", SCHEMAS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_object_is_one_that_kubernetes_takes(variant: str, version: str) -> None:
    """Strictly: no field that it does not know."""
    found = rendered(**VARIANTS[variant])
    for kind, objects in found.items():
        for one in objects if kind not in FOREIGN else []:
            kubernetes_validate.validate(one, version, strict=True)
    assert {"ConfigMap", "Service", "ServiceAccount", "StatefulSet"} <= set(found)


def test_what_can_be_left_out_is_left_out_and_the_rest_is_there() -> None:
    """By default no object of an operator that may not be there."""
    assert set(rendered()) == {
        *("ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount", "StatefulSet"),
    }
    whole = rendered(**VARIANTS["all of it"])
    assert set(whole) - set(rendered()) == FOREIGN
    made = {
        one["spec"]["target"]["name"]: one["spec"]["dataFrom"][0]["extract"]["key"] for one in whole["ExternalSecret"]
    }
    assert made == {"jenkins-mfa": "mfa", "jenkins-mfa-keys": "mfa-keys"}
    assert "volumeClaimTemplates" not in rendered(state={"persistent": False})["StatefulSet"][0]["spec"]


def test_the_pod_keeps_to_the_restricted_standard() -> None:
    """Pod Security Standards, "restricted"; and a root file system that nobody writes to."""
    found = pod()
    agent = found["containers"][0]["securityContext"]
    assert agent == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert found["securityContext"]["runAsNonRoot"]
    assert found["securityContext"]["runAsUser"] == found["securityContext"]["fsGroup"] == 65532
    assert found["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not found["automountServiceAccountToken"]
    assert {tuple(set(one) - {"name"}) for one in found["volumes"]} <= {("projected",), ("emptyDir",)}


def test_secrets_are_mounted_as_the_agent_takes_them() -> None:
    """Files of root, readable by the agent's group (fsGroup) and nobody else; keys in a directory of their own."""
    [files] = [one["projected"] for one in pod()["volumes"] if one["name"] == "files"]
    assert files["defaultMode"] == 0o440
    keys = files["sources"][2]["secret"]["items"]
    assert {one["path"] for one in keys} == {"keys/keys.json", "keys/k1.pem", "keys/checkpoint.pem"}


def test_probes_ask_where_the_agent_answers() -> None:
    """Beside its numbers, in plain; without them beside its pages, in their scheme."""
    probes = ("startupProbe", "livenessProbe", "readinessProbe")
    asked = [pod()["containers"][0][probe]["httpGet"] for probe in probes]
    assert asked == [{"port": "metrics", "path": path} for path in ("/livez", "/livez", "/readyz")]
    other = pod(**VARIANTS["without numbers"])["containers"][0]["readinessProbe"]["httpGet"]
    assert other == {"port": "pages", "scheme": "HTTPS", "path": "/readyz"}


def test_selectors_find_the_pods() -> None:
    """Service, budget, network policy and monitor are about the pods of this release, and no others."""
    found = rendered(**VARIANTS["all of it"])
    labels = found["StatefulSet"][0]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        found["Service"][0]["spec"]["selector"],
        found["PodDisruptionBudget"][0]["spec"]["selector"]["matchLabels"],
        found["NetworkPolicy"][0]["spec"]["podSelector"]["matchLabels"],
        found["StatefulSet"][0]["spec"]["selector"]["matchLabels"],
    ]
    assert selectors[0] == {"app.kubernetes.io/name": "jenkins-mfa", "app.kubernetes.io/instance": "mfa"}
    assert all(one == selectors[0] for one in selectors)
    assert selectors[0].items() <= labels.items()
    assert selectors[0].items() <= found["Service"][0]["metadata"]["labels"].items()  # what the monitor looks for


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"config": '[[sources]]\n[metrics]\nlisten = "0.0.0.0:9464"\n'}, r"config has no \[web\] listen"),
        ({"config": '[[sources]]\n[web]\nlisten = "0.0.0.0:8443"\n'}, r"config has no \[metrics\] listen"),
        ({"config": ""}, "config"),
        ({"replica": 2}, "replica"),
        ({"image": {"digest": "sha256:12"}}, "digest"),
        ({"secrets": {"external": {"enabled": True}}}, "secrets"),
        ({"networkPolicy": {"ports": ["https"]}}, "ports"),
    ],
)
def test_a_wrong_value_is_named(values: dict[str, Any], says: str) -> None:
    """Before anything is installed."""
    with pytest.raises(HelmError, match=says):
        rendered(**values)
