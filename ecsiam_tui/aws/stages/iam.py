"""Stages: who reads, and all of IAM in one bulk reading."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import msgspec

from ecsiam_tui.account.iam import AttachedPolicy, Group, InstanceProfile, ManagedPolicy, Role, User
from ecsiam_tui.account.records import AwsPascal, Json
from ecsiam_tui.account.redact import scrub_text
from ecsiam_tui.account.snapshot import CallerIdentity
from ecsiam_tui.account.source import SourceError
from ecsiam_tui.aws import table
from ecsiam_tui.aws.calls import Call
from ecsiam_tui.aws.errors import CLOCK_CODES, REFUSED_CODES, classify, error_code, explain
from ecsiam_tui.aws.reader import Job
from ecsiam_tui.aws.reading import Reading, Stage, policy_text, tag_map

Rec = TypeVar("Rec", bound=AwsPascal)


def read_identity(reading: Reading) -> None:
    """Who reads. Raises SourceError where nobody can: then every other call would fail alike."""
    session = reading.session
    failed: list[SourceError] = []

    def ask() -> CallerIdentity | None:
        try:
            answer = session.client("sts").get_caller_identity()
        except Exception as error:  # any provider of credentials may raise anything
            failure = classify(error)
            hopeless = failure.reason in ("expired", "unreachable")
            if hopeless or error_code(error) in REFUSED_CODES | CLOCK_CODES:
                failed.append(
                    explain(error, profile=session.target.profile, endpoint=session.target.endpoint_url)
                )
            else:
                reading.reader.gap(table.GET_CALLER_IDENTITY, None, failure)
            return None
        return CallerIdentity(arn=answer["Arn"], account=answer["Account"], user_id=answer.get("UserId", ""))

    job = Job(table.GET_CALLER_IDENTITY, reading.home_region, ask)
    for identity in reading.reader.each(IDENTITY.name, [job]):
        reading.caller = identity
    if failed:
        raise failed[0]


def read_iam(reading: Reading) -> None:
    """Roles, users, groups, the managed policies in use, instance profiles, quotas, the alias."""
    call = table.GET_ACCOUNT_AUTHORIZATION_DETAILS
    kinds: tuple[tuple[str, str, Callable[[Reading, Json], Iterator[tuple[str, Any]]]], ...] = (
        ("Role", "RoleDetailList", _role),
        ("User", "UserDetailList", _user),
        ("Group", "GroupDetailList", _group),
        ("LocalManagedPolicy", "Policies", _policy),
        ("AWSManagedPolicy", "Policies", _policy),
    )
    home = reading.home_region

    def details(kind: str, member: str, shape: Callable[[Reading, Json], Iterator[tuple[str, Any]]]) -> None:
        for page in reading.reader.pages(call, home, Filter=[kind]):
            for item in reading.reader.members(page, member, call, home):
                for field, record in shape(reading, item):
                    reading.add(field, [record])

    jobs: list[Job[None]] = [Job(call, home, partial(details, *kind)) for kind in kinds]
    more: dict[str, Json] = {}
    profiles: list[InstanceProfile | None] = []
    jobs += [
        Job(table.LIST_ROLES, home, lambda: _role_extras(reading, more)),
        Job(table.LIST_INSTANCE_PROFILES, home, lambda: profiles.extend(_listed_profiles(reading))),
        Job(table.GET_ACCOUNT_SUMMARY, home, lambda: _summary(reading)),
        Job(table.LIST_ACCOUNT_ALIASES, home, lambda: _alias(reading)),
    ]
    reading.reader.each(IAM.name, jobs)
    reading.replace("roles", [_with_extras(role, more) for role in reading.get("roles")])
    reading.add("instance_profiles", profiles)
    _keep_policies_in_use(reading)


def read_further_policies(reading: Reading) -> None:
    """Managed policies in use that the bulk reading did not bring, such as one that is only a boundary."""
    known = {policy.arn for policy in reading.get("policies")}

    def read(arn: str) -> None:
        reader, home = reading.reader, reading.home_region
        found = reader.ask(table.GET_POLICY, home, target=arn, PolicyArn=arn)
        if found.is_absent:
            reading.missing.add(arn)
        if found.data is None:
            return
        policy = found.data["Policy"]
        version = reader.ask(
            table.GET_POLICY_VERSION, home, target=arn, PolicyArn=arn, VersionId=policy["DefaultVersionId"]
        )
        if version.data is None:
            return
        policy = {**policy, "PolicyVersionList": [version.data["PolicyVersion"]]}
        reading.add("policies", [_managed_policy(reading, policy, table.GET_POLICY_VERSION)])

    arns = sorted(_policy_arns_in_use(reading) - known)
    reading.each(POLICIES.name, table.GET_POLICY, arns, read, lambda _: reading.home_region)


def _role(reading: Reading, data: Json) -> Iterator[tuple[str, Any]]:
    yield "roles", _decode(reading, Role, data, "RolePolicyList")
    for profile in data.get("InstanceProfileList") or ():
        yield "instance_profiles", _profile(reading, profile)


def _user(reading: Reading, data: Json) -> Iterator[tuple[str, Any]]:
    yield "users", _decode(reading, User, data, "UserPolicyList")


def _group(reading: Reading, data: Json) -> Iterator[tuple[str, Any]]:
    yield "groups", _decode(reading, Group, data, "GroupPolicyList")


def _policy(reading: Reading, data: Json) -> Iterator[tuple[str, Any]]:
    yield "policies", _managed_policy(reading, data, table.GET_ACCOUNT_AUTHORIZATION_DETAILS)


def _managed_policy(reading: Reading, data: Json, call: Call) -> ManagedPolicy | None:
    def shape(data: Json) -> Json:
        versions = data.get("PolicyVersionList") or ()
        default: Json = next((item for item in versions if item.get("IsDefaultVersion")), {})
        shaped = {
            **data,
            "PolicyName": data.get("PolicyName") or data["Arn"].rsplit("/", 1)[1],  # moto leaves it out
            "Document": policy_text(default.get("Document")),
            "PolicyVersionList": [{**item, "Document": None} for item in versions],
            "Tags": tag_map(data.get("Tags")),
        }
        if shaped.get("Description"):
            shaped["Description"] = scrub_text(shaped["Description"])
        return shaped

    return reading.reader.decode(ManagedPolicy, data, call, reading.home_region, _name_of(data), shape)


def _decode(reading: Reading, kind: type[Rec], data: Json, inline: str) -> Rec | None:
    def shape(data: Json) -> Json:
        return {
            **data,
            "AssumeRolePolicyDocument": policy_text(data.get("AssumeRolePolicyDocument")),
            inline: [
                {**item, "PolicyDocument": policy_text(item.get("PolicyDocument"))}
                for item in data.get(inline) or ()
            ],
            "Tags": tag_map(data.get("Tags")),
        }

    call = table.GET_ACCOUNT_AUTHORIZATION_DETAILS
    return reading.reader.decode(kind, data, call, reading.home_region, _name_of(data), shape)


def _name_of(data: Any) -> str | None:
    arn = data.get("Arn") if isinstance(data, dict) else None
    return arn if isinstance(arn, str) else None


def _profile(reading: Reading, data: Json) -> InstanceProfile | None:
    def shape(data: Json) -> Json:
        return {**data, "RoleArns": [role["Arn"] for role in data.get("Roles") or ()]}

    call = table.LIST_INSTANCE_PROFILES
    return reading.reader.decode(InstanceProfile, data, call, reading.home_region, _name_of(data), shape)


def _listed_profiles(reading: Reading) -> list[InstanceProfile | None]:
    items = reading.reader.items(table.LIST_INSTANCE_PROFILES, reading.home_region)
    return [_profile(reading, item) for item in items]


def _role_extras(reading: Reading, more: dict[str, Json]) -> None:
    for item in reading.reader.items(table.LIST_ROLES, reading.home_region):
        more[item["Arn"]] = item


def _with_extras(role: Role, more: dict[str, Json]) -> Role:
    """The bulk reading leaves out descriptions and the longest session."""
    found = more.get(role.arn, {})
    description, seconds = found.get("Description"), found.get("MaxSessionDuration")
    return msgspec.structs.replace(
        role,
        description=scrub_text(description) if isinstance(description, str) else role.description,
        max_session_duration=seconds if isinstance(seconds, int) else role.max_session_duration,
    )


def _summary(reading: Reading) -> None:
    answer = reading.reader.ask(table.GET_ACCOUNT_SUMMARY, reading.home_region)
    if answer.data is not None:
        reading.account_summary = msgspec.convert(answer.data["SummaryMap"], dict[str, int])


def _alias(reading: Reading) -> None:
    aliases = reading.reader.items(table.LIST_ACCOUNT_ALIASES, reading.home_region)
    reading.account_alias = next((alias for alias in aliases if isinstance(alias, str)), None)


def _policy_arns_in_use(reading: Reading) -> set[str]:
    arns: set[str] = set()
    for principal in (*reading.get("roles"), *reading.get("users"), *reading.get("groups")):
        attached: tuple[AttachedPolicy, ...] = principal.attached_managed_policies
        arns.update(policy.policy_arn for policy in attached)
        boundary = getattr(principal, "permissions_boundary", None)
        if boundary is not None:
            arns.add(boundary.permissions_boundary_arn)
    return arns


def _keep_policies_in_use(reading: Reading) -> None:
    """Leave out AWS's own policies that nothing uses: AWS sends none of them, a stand-in may send all."""
    in_use = _policy_arns_in_use(reading)
    kept = [item for item in reading.get("policies") if not item.is_aws_managed or item.arn in in_use]
    reading.replace("policies", kept)


IDENTITY = Stage("Identity", (table.GET_CALLER_IDENTITY,), read_identity)
IAM = Stage(
    "IAM",
    (
        table.GET_ACCOUNT_AUTHORIZATION_DETAILS,
        table.LIST_ROLES,
        table.LIST_INSTANCE_PROFILES,
        table.GET_ACCOUNT_SUMMARY,
        table.LIST_ACCOUNT_ALIASES,
    ),
    read_iam,
)
POLICIES = Stage("Further policies", (table.GET_POLICY, table.GET_POLICY_VERSION), read_further_policies)
