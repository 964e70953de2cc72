"""What whoever applies a plan needs to be allowed, and whether they are: told before the first call.

Source: Service Authorization Reference (actions, resource types, condition keys, dependent actions).
"""

from collections.abc import Iterable, Iterator

import msgspec

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.launchers import RunTaskTarget
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_to
from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.calls import calls
from ecsiam_tui.changes.looking import definition, name_of, service
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.ecs.deployer import to_register, to_roll_out
from ecsiam_tui.ecs.needs import Needs
from ecsiam_tui.ecs.requirement import Judged, Requirement
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.ecs.workloads import of_definition, of_service

REFERENCE = "Service Authorization Reference"
TAGGING = f"{REFERENCE}, AWS Identity and Access Management: tags given at creation need the action that tags"
PASS_ROLE = 'IAM User Guide, "Grant a user permissions to pass a role to an AWS service"'


def check_applier(plan: Plan, snapshot: Snapshot, needs: Needs, principal: str) -> tuple[Judged, ...]:
    """Every permission that a plan needs of `principal` (ARN of a user, role or session), answered for the
    account as it is now: `needs` are that account's. Nothing where nobody is named. Raises ChangeError."""
    if not principal:
        return ()
    return needs.judge.all(of_plan(plan, snapshot, principal))


def of_plan(plan: Plan, snapshot: Snapshot, principal: str) -> tuple[Requirement, ...]:
    """What `principal` needs to apply a plan, in the order of its calls; the same need is one. Raises
    ChangeError."""
    found: dict[tuple[str, str, tuple[tuple[str, str], ...]], Requirement] = {}
    there = {role.arn for role in snapshot.roles}
    for change in plan.changes:
        after = apply_to(change, snapshot)
        for asked in permissions(change, calls(change, snapshot), snapshot, after, principal):
            if asked.resource not in there:
                asked = _with_tags(asked, after)
            found.setdefault((asked.action, asked.resource, tuple(sorted(asked.context.items()))), asked)
        snapshot = after
    return tuple(found.values())


def permissions(
    change: c.AnyChange, made: Iterable[Call], before: Snapshot, after: Snapshot, principal: str
) -> Iterator[Requirement]:
    """What `principal` needs for a change whose calls are `made`; `before` is the account without it, `after`
    with it."""
    for call in made:
        match call.operation:
            case "RegisterTaskDefinition":
                around = Surroundings(after)
                workload = of_definition(definition(after, change.target), around)
                yield from to_register(workload, principal, around)
            case "UpdateService":
                yield from _roll_out(change.target, call, after, principal)
            case _:
                yield from _plain(change, call, before, after, principal)


def _roll_out(arn: str, call: Call, after: Snapshot, principal: str) -> Iterator[Requirement]:
    found, around = service(after, arn), Surroundings(after)
    runs = around.definitions.get(found.task_definition or "")
    if runs is None:
        yield Requirement(
            "C1", arn, "deployer", principal, call.action, arn, f"rolls out {found.service_name}", REFERENCE
        )
        return
    for asked in to_roll_out(of_service(found, runs, around), principal, around):
        # Roles that ECS has already are passed again where the call names them, and this one does not.
        if asked.action == "iam:PassRole":
            asked = msgspec.structs.replace(asked, necessity="recommended")
        yield asked


def _plain(
    change: c.AnyChange, call: Call, before: Snapshot, after: Snapshot, principal: str
) -> Iterator[Requirement]:
    resource = _resource(change, call, before, after)

    def ask(
        action: str, on: str, why: str, context: dict[str, str] | None = None, source: str = REFERENCE
    ) -> Requirement:
        region = {"aws:RequestedRegion": call.region} if call.region else {}
        given = region | (context or {})
        return Requirement("C4", change.target, "deployer", principal, action, on, why, source, given)

    name = name_of(change.target)
    if call.base is not None:
        read = f"{call.base.service}:{call.base.operation}"
        yield ask(read, resource, f"reads {name} before it is changed")
    yield ask(call.action, resource, f"{call.operation}: {name}", _context(change, call, before, after))
    tags = call.parameters.get("Tags") if call.operation in ("CreateRole", "CreatePolicy") else None
    if tags:
        tag = call.action.replace("Create", "Tag")
        requested = {f"aws:RequestTag/{one['Key']}": one["Value"] for one in tags}
        yield ask(tag, resource, f"tags {name}", requested, TAGGING)
    for role, to in _passed(change, call, before, after):
        why = f"passes {name_of(role)} to {to}"
        yield ask("iam:PassRole", role, why, {"iam:PassedToService": to}, PASS_ROLE)


def _resource(change: c.AnyChange, call: Call, before: Snapshot, after: Snapshot) -> str:
    """What an action is authorized on."""
    given = call.parameters
    if call.action == "ecs:DeregisterTaskDefinition":  # takes no resource
        return "*"
    if "InstanceProfileName" in given:
        profiles = before.instance_profiles
        named = (one.arn for one in profiles if one.instance_profile_name == given["InstanceProfileName"])
        return next(named, "*")
    if isinstance(change, c.CreateServiceLinkedRole):
        return after.roles[-1].arn
    if call.service == "logs":
        return f"{change.target.removesuffix(':*')}:*"
    return change.target


def _context(change: c.AnyChange, call: Call, before: Snapshot, after: Snapshot) -> dict[str, str]:
    """The condition keys that a call is known to carry."""
    given, context = call.parameters, {}
    if "PermissionsBoundary" in given:
        context["iam:PermissionsBoundary"] = given["PermissionsBoundary"]
    elif call.service == "iam":
        roles = (role for role in (*before.roles, *after.roles) if role.arn == change.target)
        boundary = next((role.permissions_boundary for role in roles), None)
        context |= {"iam:PermissionsBoundary": boundary.permissions_boundary_arn} if boundary else {}
    if call.operation in ("AttachRolePolicy", "DetachRolePolicy"):
        context["iam:PolicyARN"] = given["PolicyArn"]
    if call.operation == "CreateServiceLinkedRole":
        context["iam:AWSServiceName"] = given["AWSServiceName"]
    if call.service == "iam" and "Tags" in given:
        context |= {f"aws:RequestTag/{one['Key']}": one["Value"] for one in given["Tags"]}
    if call.operation == "PutKeyPolicy":
        context["kms:BypassPolicyLockoutSafetyCheck"] = "false"
    target = _target(change, after)
    if call.operation == "PutTargets" and target is not None:
        context["events:TargetArn"] = target.arn
    return context


def _target(change: c.AnyChange, after: Snapshot) -> RunTaskTarget | None:
    match change:
        case c.PutRuleTarget():
            targets = (one for rule in after.rules if rule.arn == change.rule for one in rule.targets)
            return next((one for one in targets if one.id == change.target_id), None)
        case c.UpdateSchedule():
            return next((one.target for one in after.schedules if one.arn == change.schedule), None)
    return None


def _passed(change: c.AnyChange, call: Call, before: Snapshot, after: Snapshot) -> Iterator[tuple[str, str]]:
    """The roles that a call hands over, and to whom."""
    if isinstance(change, c.SetInstanceProfileRole) and call.operation == "AddRoleToInstanceProfile":
        suffix = "amazonaws.com.cn" if before.partition == "aws-cn" else "amazonaws.com"
        yield change.role, f"ec2.{suffix}"
    target = _target(change, after)
    if target is not None and target.role_arn:
        yield target.role_arn, f"{call.service}.amazonaws.com"


def _with_tags(asked: Requirement, after: Snapshot) -> Requirement:
    """A need about a role that the plan makes: its tags are known, though the account has it not yet."""
    parsed = parse_arn(asked.resource)
    made = next((role for role in after.roles if role.arn == asked.resource), None)
    if parsed is None or made is None or asked.action == "iam:CreateRole":
        return asked
    tags = {
        f"{prefix}:ResourceTag/{key}": value for prefix in ("aws", "iam") for key, value in made.tags.items()
    }
    return msgspec.structs.replace(asked, context=asked.context | tags)
