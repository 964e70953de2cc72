"""Services that a file holds beside its task definitions: input of CreateService, or CloudFormation's."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.ecs import Deployment, Service
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.references import Home
from ecsiam_tui.ecs.definition_find import Found
from ecsiam_tui.ecs.definition_scalars import text_of
from ecsiam_tui.ecs.definition_shape import Shaper, fields, fold

# Members of CreateService that ask nothing of IAM.
_UNUSED = frozenset(
    {"clienttoken", "placementconstraints", "placementstrategy", "placementstrategies"}
    | {"healthcheckgraceperiodseconds", "availabilityzonerebalancing", "forcenewdeployment"}
)
_OTHER_NAMES = {"cluster": "clusterArn", "role": "roleArn"}


def service(
    found: Found, shaper: Shaper, home: Home, redactor: Redactor, stem: str, definitions: Mapping[str, str]
) -> Service:
    """A service; `definitions` are the ARNs of the file's definitions by their logical ids."""
    named = {_OTHER_NAMES.get(fold(key), key): value for key, value in found.raw.items()}
    of_service, of_deployment = fields(Service), fields(Deployment)
    raw: dict[str, Any] = {}
    deployed: dict[str, Any] = {}
    for key, value in named.items():
        folded = fold(key)
        if folded == "taskdefinition" and isinstance(value, Mapping):  # {"Ref": …} to one of the file's own
            value = definitions.get(str(value.get("Ref")), value)
        if folded in of_deployment:
            deployed[key] = value
        if folded in of_service or folded not in of_deployment:
            raw[key] = value
    required = frozenset({"serviceArn", "serviceName", "clusterArn"})
    shape = shaper.record(Service, raw, found.place, extra=required | _UNUSED) or {}
    deployment = shaper.record(Deployment, deployed, found.place) or {}
    name = shape.get("serviceName") or found.family or stem
    cluster = text_of(shape.get("clusterArn")) or "default"
    if parse_arn(cluster) is None:
        cluster = home.arn("ecs", f"cluster/{cluster}")
    shape |= {
        "serviceName": name,
        "clusterArn": cluster,
        "serviceArn": home.arn("ecs", f"service/{cluster.rpartition('/')[2]}/{name}"),
    }
    return msgspec.convert(redactor.service({**shape, "deployments": [deployment]}), Service)
