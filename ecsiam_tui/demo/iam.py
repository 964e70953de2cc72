"""IAM of the demo account: policies, roles, instance profiles, groups, users, the organization.

The tables of the declaration, several API calls each, and so with names of their own:

- `[[policies]]` name, path, document, versions (older documents, oldest first), description, tags;
  `demo.default_version` makes another version than the newest the default one;
- `[[roles]]` name, path, trust (JSON, or a name of `[trusts]`), description, max_session, tags, boundary,
  attached (names or ARNs of managed policies), inline (`{name = JSON}`), instance_profile;
  `demo` created, last_used (`never`), last_used_region, system_tags, accessed (see `last_accessed`);
- `[[service_linked_roles]]` service, name, policy;
- `[[groups]]` name, attached, inline; `[[users]]` name, groups, attached, inline, tags;
- `[organization]` id, management_account, account_name, unit; `[[organization_policies]]` name, type,
  document, at (`root`, `unit` or `account`).
"""

from datetime import timedelta
from typing import Any

from moto.iam.models import IAMBackend, Role, iam_backends
from moto.organizations.models import OrganizationsBackend, organizations_backends
from moto.sts.models import STSBackend, sts_backends

from ecsiam_tui.demo import aws_policies
from ecsiam_tui.demo.estate import EstateError, Table
from ecsiam_tui.demo.ground import ACCOUNT, PARTITION, Ground, demo_of, identity, pascal_tags


def _backend() -> IAMBackend:
    backend: IAMBackend = iam_backends[ACCOUNT][PARTITION]
    return backend


def seed_iam(ground: Ground) -> None:
    """Make everything of IAM; needs the keys, secrets and file systems that policies name."""
    aws_policies.install(_backend())
    client = ground.client("iam")
    alias = ground.estate.table("account").get("alias")
    if alias:
        client.create_account_alias(AccountAlias=alias)
    for policy in ground.estate.list("policies"):
        with identity("policy", policy["name"]):
            _policy(ground, client, policy)
    for role in ground.estate.list("roles"):
        with identity("role", role["name"]):
            _role(ground, client, role)
    for linked in ground.estate.list("service_linked_roles"):
        with identity("role", linked["name"]):
            _service_linked_role(ground, client, linked)
    for group in ground.estate.list("groups"):
        with identity("group", group["name"]):
            client.create_group(GroupName=group["name"])
            for arn in _attached(ground, group):
                client.attach_group_policy(GroupName=group["name"], PolicyArn=arn)
            for name, document in group.get("inline", {}).items():
                client.put_group_policy(
                    GroupName=group["name"], PolicyName=name, PolicyDocument=_text(ground, document)
                )
    for user in ground.estate.list("users"):
        with identity("user", user["name"]):
            _user(ground, client, user)


def _text(ground: Ground, document: str) -> str:
    """A document as its author wrote it, without the empty ends of the declaration's quotes."""
    text: str = ground.expand(document)
    return text.strip("\n")


def _attached(ground: Ground, entry: Table) -> list[str]:
    """The ARNs of the managed policies that an entry names: this account's first, then AWS's."""
    arns = []
    local = {policy["name"] for policy in ground.estate.list("policies")}
    for name in entry.get("attached", []):
        if name.startswith("arn:"):
            arns.append(name)
        elif name in local:
            arns.append(ground.references.get("policy", name))
        elif arn := aws_policies.arn_of(name):
            arns.append(arn)
        else:
            raise EstateError(f"estate: {entry['name']} attaches {name}, which is nobody's managed policy")
    return arns


def _policy(ground: Ground, client: Any, policy: Table) -> None:
    documents = [*policy.get("versions", []), policy["document"]]
    demo = demo_of(policy)
    arn = client.create_policy(
        PolicyName=policy["name"],
        Path=policy.get("path", "/"),
        Description=policy.get("description", ""),
        PolicyDocument=_text(ground, documents[0]),
        Tags=pascal_tags(policy.get("tags", {})),
    )["Policy"]["Arn"]
    for document in documents[1:]:
        client.create_policy_version(PolicyArn=arn, PolicyDocument=_text(ground, document), SetAsDefault=True)
    if default := demo.get("default_version"):
        client.set_default_policy_version(PolicyArn=arn, VersionId=default)
    made = _backend().managed_policies[arn]
    made.create_date = ground.ago(demo, "created", "300d")
    updated = ground.ago(demo, "updated", "20d")
    for back, version in enumerate(reversed(made.versions)):
        version.create_date = updated - back * timedelta(days=45)
    made.versions[0].create_date = made.create_date
    made.update_date = made.versions[-1].create_date


def _role(ground: Ground, client: Any, role: Table) -> None:
    trust = role["trust"]
    if not trust.lstrip().startswith("{"):
        try:
            trust = ground.estate.table("trusts")[trust]
        except KeyError:
            raise EstateError(f"estate: role {role['name']} has trust {trust!r}, not in [trusts]") from None
    demo = demo_of(role)
    extra = {}
    if boundary := role.get("boundary"):
        extra["PermissionsBoundary"] = ground.expand(boundary)
    client.create_role(
        RoleName=role["name"],
        Path=role.get("path", "/"),
        AssumeRolePolicyDocument=_text(ground, trust),
        Description=role.get("description", ""),
        MaxSessionDuration=role.get("max_session", 3600),
        Tags=pascal_tags(role.get("tags", {})),
        **extra,
    )
    for arn in _attached(ground, role):
        client.attach_role_policy(RoleName=role["name"], PolicyArn=arn)
    for name, document in role.get("inline", {}).items():
        client.put_role_policy(RoleName=role["name"], PolicyName=name, PolicyDocument=_text(ground, document))
    if profile := role.get("instance_profile"):
        client.create_instance_profile(InstanceProfileName=profile)
        client.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role["name"])
    made = _backend().get_role(role["name"])
    made.create_date = ground.ago(demo, "created", "260d")
    made.tags.extend(pascal_tags(demo.get("system_tags", {})))  # AWS's own `aws:` tags, which no call sets
    _used(ground, made, demo)


def _used(ground: Ground, role: Role, demo: Table) -> None:
    used = demo.get("last_used", "2h")
    if used != "never":
        role.last_used = ground.ago(demo, "last_used", "2h")
        role.last_used_region = demo.get("last_used_region", ground.home)


def _service_linked_role(ground: Ground, client: Any, linked: Table) -> None:
    demo = demo_of(linked)
    made_as = client.create_service_linked_role(
        AWSServiceName=linked["service"], Description=linked.get("description", "")
    )["Role"]["RoleName"]
    backend = _backend()
    role = backend.get_role(made_as)
    role.name = linked["name"]  # moto's own spelling differs from AWS's
    role.create_date = ground.ago(demo, "created", "700d")
    _used(ground, role, demo)
    policy = backend.managed_policies[aws_policies.arn_of(linked["policy"])]
    role.managed_policies[policy.arn] = policy
    policy.attachment_count += 1


def _user(ground: Ground, client: Any, user: Table) -> None:
    name = user["name"]
    client.create_user(UserName=name, Path=user.get("path", "/"), Tags=pascal_tags(user.get("tags", {})))
    for group in user.get("groups", []):
        client.add_user_to_group(GroupName=group, UserName=name)
    for arn in _attached(ground, user):
        client.attach_user_policy(UserName=name, PolicyArn=arn)
    for policy, document in user.get("inline", {}).items():
        client.put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=_text(ground, document))
    _backend().get_user(name).create_date = ground.ago(demo_of(user), "created", "500d")


def seed_organization(ground: Ground) -> None:
    """Make the organization that the account is a member of, with its service and resource control policies.

    moto makes the caller the management account, which such policies do not bind; here that is another one.
    """
    wanted = ground.estate.table("organization")
    if not wanted:
        return
    client = ground.client("organizations", "us-east-1")
    with identity("organization", "acme"):
        client.create_organization(FeatureSet="ALL")
        root = client.list_roots()["Roots"][0]["Id"]
        unit = client.create_organizational_unit(ParentId=root, Name=wanted["unit"])["OrganizationalUnit"]
    backend: OrganizationsBackend = organizations_backends[ACCOUNT][PARTITION]
    backend.org.id = wanted["id"]
    backend.org.master_account_id = wanted["management_account"]
    for part in (*backend.ou, *backend.policies, *backend.accounts):
        part.organization_id = wanted["id"]
        part.master_account_id = wanted["management_account"]
    backend.accounts[0].name = wanted["account_name"]
    client.move_account(AccountId=ACCOUNT, SourceParentId=root, DestinationParentId=unit["Id"])
    targets = {"root": root, "unit": unit["Id"], "account": ACCOUNT}
    for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
        client.enable_policy_type(RootId=root, PolicyType=kind)
    for policy in ground.estate.list("organization_policies"):
        with identity("organization-policy", policy["name"]):
            made = client.create_policy(
                Name=policy["name"],
                Type=policy["type"],
                Description=policy["description"],
                Content=_text(ground, policy["document"]),
            )["Policy"]["PolicySummary"]
        client.attach_policy(PolicyId=made["Id"], TargetId=targets[policy["at"]])


def seed_caller(ground: Ground) -> None:
    """Whoever calls without being known to the account is a session of the declared role.

    moto would say `user/moto`. Sessions of roles that somebody has assumed stay what they are.
    """
    wanted = ground.estate.table("account")["caller"]
    backend: STSBackend = sts_backends[ACCOUNT][PARTITION]
    known = backend.get_caller_identity
    role = _backend().get_role(wanted["role"])
    arn = f"arn:{PARTITION}:sts::{ACCOUNT}:assumed-role/{wanted['role']}/{wanted['session']}"

    def caller_identity(access_key_id: str, region: str) -> tuple[str, str, str]:
        if backend.get_assumed_role_from_access_key(access_key_id) is not None:
            answer: tuple[str, str, str] = known(access_key_id, region)
            return answer
        return f"{role.id}:{wanted['session']}", arn, ACCOUNT

    backend.get_caller_identity = caller_identity
