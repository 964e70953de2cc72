"""Reading calls that moto lacks, answered from the declaration, and refusals that only real AWS gives.

moto has no Systems Manager activations, no ECS gateways, daemons and Express Mode services, no pull through
cache rules, no reports of what roles used last (see `last_accessed`); and asked for a thing in another
account it says that there is none, where AWS denies access.
Tables hold the answers in AWS's own shape: `[[activations]]`, `[[managed_nodes]]`, `[[gateways]]`,
`[[daemon_task_definitions]]`, `[[express_services]]`, `[[pull_through_cache_rules]]`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from moto.codedeploy.responses import CodeDeployResponse, _deployment_group_info
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, BaseResponse
from moto.ecr.models import ECRBackend
from moto.ecr.responses import ECRResponse
from moto.ecs.exceptions import EcsClientException
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.iam.policy_validation import BaseIAMPolicyValidator
from moto.iam.responses import IamResponse
from moto.secretsmanager.exceptions import SecretsManagerClientError
from moto.secretsmanager.models import SecretsManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse

from ecsiam_tui.demo import last_accessed
from ecsiam_tui.demo.estate import Table
from ecsiam_tui.demo.ground import ACCOUNT, Ground, camel_tags

_TABLES = (
    "activations",
    "managed_nodes",
    "gateways",
    "daemon_task_definitions",
    "express_services",
    "pull_through_cache_rules",
)
_answers: dict[str, list[Table]] = {}


def seed_answers(ground: Ground) -> None:
    """What the calls answer from now on; needs everything that the answers name."""
    for name in _TABLES:
        _answers[name] = [
            {**ground.expand(entry), "region": entry.get("region", ground.home)}
            for entry in ground.estate.list(name)
        ]


def _in_region(response: BaseResponse, name: str) -> list[Table]:
    entries = [entry for entry in _answers.get(name, ()) if entry["region"] == response.region]
    return [{key: value for key, value in entry.items() if key != "region"} for entry in entries]


def _one(response: BaseResponse, name: str, field: str, value: str) -> Table:
    for entry in _in_region(response, name):
        if entry[field] == value:
            if tags := entry.pop("tags", None):
                entry["tags"] = camel_tags(tags)
            return entry
    raise EcsClientException(f"The specified {field} {value} was not found.")


def describe_activations(self: BaseResponse) -> ActionResult:
    """ssm:DescribeActivations."""
    return ActionResult({"ActivationList": _in_region(self, "activations")})


def describe_instance_information(self: BaseResponse) -> ActionResult:
    """ssm:DescribeInstanceInformation."""
    return ActionResult({"InstanceInformationList": _in_region(self, "managed_nodes")})


def list_gateways(self: BaseResponse) -> ActionResult:
    """ecs:ListGateways."""
    entries = _in_region(self, "gateways")
    return ActionResult(
        {"gateways": [{key: entry[key] for key in ("gatewayArn", "name", "status")} for entry in entries]}
    )


def describe_gateway(self: BaseResponse) -> ActionResult:
    """ecs:DescribeGateway."""
    return ActionResult({"gateway": _one(self, "gateways", "gatewayArn", self._get_param("gateway"))})


def list_daemon_task_definitions(self: BaseResponse) -> ActionResult:
    """ecs:ListDaemonTaskDefinitions."""
    entries = _in_region(self, "daemon_task_definitions")
    return ActionResult(
        {
            "daemonTaskDefinitions": [
                {"arn": entry["daemonTaskDefinitionArn"], "status": entry["status"]} for entry in entries
            ]
        }
    )


def describe_daemon_task_definition(self: BaseResponse) -> ActionResult:
    """ecs:DescribeDaemonTaskDefinition."""
    arn = self._get_param("daemonTaskDefinition")
    return ActionResult(
        {"daemonTaskDefinition": _one(self, "daemon_task_definitions", "daemonTaskDefinitionArn", arn)}
    )


def describe_express_gateway_service(self: BaseResponse) -> ActionResult:
    """ecs:DescribeExpressGatewayService."""
    arn = self._get_param("serviceArn")
    return ActionResult({"service": _one(self, "express_services", "serviceArn", arn)})


def describe_pull_through_cache_rules(self: BaseResponse) -> ActionResult:
    """ecr:DescribePullThroughCacheRules."""
    return ActionResult({"pullThroughCacheRules": _in_region(self, "pull_through_cache_rules")})


def batch_get_deployment_groups(self: Any) -> ActionResult:
    """codedeploy:BatchGetDeploymentGroups, out of the GetDeploymentGroup that moto has."""
    application = self._get_param("applicationName")
    groups = [
        self.codedeploy_backend.get_deployment_group(application_name=application, deployment_group_name=name)
        for name in self._get_param("deploymentGroupNames")
    ]
    return ActionResult({"deploymentGroupsInfo": [_deployment_group_info(group) for group in groups]})


_CALLS: dict[type[BaseResponse], tuple[Callable[[Any], ActionResult], ...]] = {
    SimpleSystemManagerResponse: (describe_activations, describe_instance_information),
    EC2ContainerServiceResponse: (
        list_gateways,
        describe_gateway,
        list_daemon_task_definitions,
        describe_daemon_task_definition,
        describe_express_gateway_service,
    ),
    ECRResponse: (describe_pull_through_cache_rules,),
    CodeDeployResponse: (batch_get_deployment_groups,),
    IamResponse: (
        last_accessed.generate_service_last_accessed_details,
        last_accessed.get_service_last_accessed_details,
    ),
}


def _refuse_secret(method: Callable[..., Any], action: str) -> Callable[..., Any]:
    def refusing(self: SecretsManagerBackend, secret_id: str, *args: Any, **kwargs: Any) -> Any:
        parts = secret_id.split(":")
        if len(parts) > 5 and parts[4] != ACCOUNT:
            raise SecretsManagerClientError(
                "AccessDeniedException",
                f"User is not authorized to perform: secretsmanager:{action} on resource: {secret_id}"
                f" because no resource-based policy allows the secretsmanager:{action} action",
            )
        return method(self, secret_id, *args, **kwargs)

    return refusing


def _refuse_registry(method: Callable[..., Any], action: str) -> Callable[..., Any]:
    def refusing(self: ECRBackend, *args: Any, **kwargs: Any) -> Any:
        registry = kwargs.get("registry_id") or next(
            (word for word in args if isinstance(word, str) and len(word) == 12 and word.isdigit()), None
        )
        if registry and registry != ACCOUNT:
            raise JsonRESTError(
                "AccessDeniedException",
                f"User is not authorized to perform: ecr:{action} on the registry {registry}"
                f" because no resource-based policy allows the ecr:{action} action",
            )
        return method(self, *args, **kwargs)

    return refusing


@contextmanager
def answered() -> Iterator[None]:
    """Everything here, for as long as an account is up."""
    with ExitStack() as stack:
        for response, calls in _CALLS.items():
            for call in calls:
                # A version of moto that has the call answers it from its own state, which is empty.
                stack.enter_context(patch.object(response, call.__name__, call, create=True))
        for name, action in (
            ("describe_secret", "DescribeSecret"),
            ("get_resource_policy", "GetResourcePolicy"),
        ):
            method = getattr(SecretsManagerBackend, name)
            stack.enter_context(patch.object(SecretsManagerBackend, name, _refuse_secret(method, action)))
        for name, action in (
            ("describe_repositories", "DescribeRepositories"),
            ("get_repository_policy", "GetRepositoryPolicy"),
            ("describe_images", "DescribeImages"),
            ("batch_get_image", "BatchGetImage"),
        ):
            method = getattr(ECRBackend, name)
            stack.enter_context(patch.object(ECRBackend, name, _refuse_registry(method, action)))
        # AWS still takes the version 2008-10-17; moto does where a role is made, but not where it is changed.
        stack.enter_context(patch.object(BaseIAMPolicyValidator, "_validate_version", lambda _: None))
        stack.callback(_answers.clear)
        stack.callback(last_accessed.forget)
        yield
