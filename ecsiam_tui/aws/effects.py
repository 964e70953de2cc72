"""Whether a call took effect: looked up where nobody was told, and where AWS says that it is so already."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from ecsiam_tui.aws.session import AwsSession
from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.editing import registrable
from ecsiam_tui.changes.verifying import meaning, unlike

# What must not be sent twice ------------------------------------------------------------------------------


LOOKED_UP = frozenset({"AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"})
"""Calls that may be sent twice, but answer the second time with an error that others have, too."""


def note(session: AwsSession, call: Call) -> str:
    """What is so before a call that must not be sent twice, and is no longer once it took effect."""
    match call.operation:
        case "RegisterTaskDefinition":
            return str(_newest(session, call))
        case "CreatePolicyVersion":
            return _default_version(session, call)
        case "UpdateService":
            return primary(_service(session, call))
    return ""


def found(session: AwsSession, call: Call, before: str, given: dict[str, Any]) -> str | None:
    """What a call made that was not answered; None where it did not take effect. `before` is its note,
    `given` its parameters."""
    match call.operation:
        case "RegisterTaskDefinition":
            return _registered(session, call, int(before or 0), given)
        case "CreatePolicyVersion":
            version = _default_version(session, call)
            if version == before:
                return None
            text = _iam(session).get_policy_version(PolicyArn=call.parameters["PolicyArn"], VersionId=version)
            document = unquote(text["PolicyVersion"]["Document"])
            return version if document == call.parameters["PolicyDocument"] else None
        case "UpdateService":
            service = _service(session, call)
            wanted = call.parameters.get("taskDefinition", service.get("taskDefinition"))
            is_new = primary(service) != before and service.get("taskDefinition") == wanted
            return primary(service) if is_new else None
        case "AddRoleToInstanceProfile":
            return "" if given["RoleName"] in _profile_roles(session, given) else None
        case "RemoveRoleFromInstanceProfile":
            return None if given["RoleName"] in _profile_roles(session, given) else ""
    return None


def primary(service: dict[str, Any]) -> str:
    """The id of a service's newest deployment."""
    return next(
        (
            one["id"]
            for one in service.get("deployments", ())
            if one.get("status") == "PRIMARY" and "id" in one
        ),
        "",
    )


def _iam(session: AwsSession) -> Any:
    return session.client("iam")


def _default_version(session: AwsSession, call: Call) -> str:
    policy = _iam(session).get_policy(PolicyArn=call.parameters["PolicyArn"])["Policy"]
    version: str = policy["DefaultVersionId"]
    return version


def _service(session: AwsSession, call: Call) -> dict[str, Any]:
    answer = session.client("ecs", call.region).describe_services(
        cluster=call.parameters["cluster"], services=[call.parameters["service"]]
    )
    service: dict[str, Any] = answer["services"][0] if answer["services"] else {}
    return service


def _family(call: Call) -> str:
    return call.guess.rsplit("/", 1)[-1].rpartition(":")[0]


def _active(session: AwsSession, call: Call) -> list[str]:
    """The family's ACTIVE revisions (ARNs), the newest first."""
    answer = session.client("ecs", call.region).list_task_definitions(
        familyPrefix=_family(call), status="ACTIVE", sort="DESC", maxResults=100
    )
    return sorted(answer["taskDefinitionArns"], key=_revision, reverse=True)


def _revision(arn: str) -> int:
    return int(arn.rpartition(":")[2])


def _newest(session: AwsSession, call: Call) -> int:
    return max(map(_revision, _active(session, call)), default=0)


def _registered(session: AwsSession, call: Call, before: int, given: dict[str, Any]) -> str | None:
    """A revision that is newer than the newest one before, and is what was asked for."""
    for arn in _active(session, call):
        if _revision(arn) <= before:
            break
        answer = session.client("ecs", call.region).describe_task_definition(
            taskDefinition=arn, include=["TAGS"]
        )
        described = registrable(answer["taskDefinition"], answer.get("tags", []))
        if not unlike(given, described):
            return arn
    return None


# What is so already ---------------------------------------------------------------------------------------

_SO: dict[str, tuple[str, ...]] = {
    "CreateRole": ("EntityAlreadyExists",),
    "CreatePolicy": ("EntityAlreadyExists",),
    "CreateLogGroup": ("ResourceAlreadyExistsException",),
    "AddRoleToInstanceProfile": ("LimitExceeded", "EntityAlreadyExists"),
    "DeleteRole": ("NoSuchEntity",),
    "DeleteRolePolicy": ("NoSuchEntity",),
    "DetachRolePolicy": ("NoSuchEntity",),
    "DeletePolicy": ("NoSuchEntity",),
    "DeletePolicyVersion": ("NoSuchEntity",),
    "DeleteRolePermissionsBoundary": ("NoSuchEntity",),
    "RemoveRoleFromInstanceProfile": ("NoSuchEntity",),
    "DeleteLogGroup": ("ResourceNotFoundException",),
    "DeleteRepositoryPolicy": ("RepositoryPolicyNotFoundException",),
}
_SO_SAYS = {
    "CreateServiceLinkedRole": ("InvalidInput", "has been taken in this account"),
    "DeregisterTaskDefinition": ("ClientException", "inactive"),
}


def may_be_so(call: Call, code: str, message: str) -> bool:
    """Whether an error says that what the call makes is there, or what it takes away is not."""
    if (says := _SO_SAYS.get(call.operation)) is not None:
        return code == says[0] and says[1] in message.lower()
    return code in _SO.get(call.operation, ())


def differs(session: AwsSession, call: Call, given: dict[str, Any]) -> str:
    """In what the thing that is there differs from what the call asks for, in a sentence; empty where in
    nothing."""
    look = _LOOKS.get(call.operation)
    return look(session, given) if look else ""


def _role(session: AwsSession, given: dict[str, Any]) -> str:
    role = _iam(session).get_role(RoleName=given["RoleName"])["Role"]
    there = {
        "trust policy": meaning(unquote(role["AssumeRolePolicyDocument"])),
        "path": role.get("Path", "/"),
        "description": role.get("Description", ""),
        "maximum session": role.get("MaxSessionDuration", 3600),
        "permissions boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        "tags": _tags(role),
    }
    asked = {
        "trust policy": meaning(given["AssumeRolePolicyDocument"]),
        "path": given.get("Path", "/"),
        "description": given.get("Description", ""),
        "maximum session": given.get("MaxSessionDuration", 3600),
        "permissions boundary": given.get("PermissionsBoundary", ""),
        "tags": _tags(given),
    }
    return _said("a role", given["RoleName"], there, asked)


def _policy(session: AwsSession, given: dict[str, Any]) -> str:
    iam = _iam(session)
    own = session.client("sts").get_caller_identity()
    partition, account = own["Arn"].split(":")[1], own["Account"]
    arn = f"arn:{partition}:iam::{account}:policy{given.get('Path', '/')}{given['PolicyName']}"
    try:
        policy = iam.get_policy(PolicyArn=arn)["Policy"]
    except iam.exceptions.NoSuchEntityException:  # names are one namespace, whatever the path
        return f"there is a policy {given['PolicyName']} with another path"
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    there = {
        "document": meaning(unquote(version["Document"])),
        "description": policy.get("Description", ""),
        "tags": _tags(policy),
    }
    asked = {
        "document": meaning(given["PolicyDocument"]),
        "description": given.get("Description", ""),
        "tags": _tags(given),
    }
    return _said("a policy", given["PolicyName"], there, asked)


def _profile(session: AwsSession, given: dict[str, Any]) -> str:
    roles = _profile_roles(session, given)
    holds = f"the instance profile {given['InstanceProfileName']} holds {', '.join(roles)}"
    return "" if roles == [given["RoleName"]] else holds


def _profile_roles(session: AwsSession, given: dict[str, Any]) -> list[str]:
    name = given["InstanceProfileName"]
    profile = _iam(session).get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    return [one["RoleName"] for one in profile["Roles"]]


def _tags(data: dict[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in data.get("Tags", ())}


def _said(kind: str, name: str, there: dict[str, Any], asked: dict[str, Any]) -> str:
    other = [key for key in asked if there[key] != asked[key]]
    return f"there is {kind} {name} already, with another {', '.join(other)}" if other else ""


_LOOKS: dict[str, Callable[[AwsSession, dict[str, Any]], str]] = {
    "CreateRole": _role,
    "CreatePolicy": _policy,
    "AddRoleToInstanceProfile": _profile,
}
