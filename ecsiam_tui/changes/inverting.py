"""The changes that take a change back: undo.

What AWS gives a new identity cannot be taken back to the byte: a deleted role that is made again has another
unique id (`AROA…`), a revision of a task definition keeps its number for ever. Where that matters,
`what_stays` says so.
"""

from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import oldest_other, version_number
from ecsiam_tui.changes.looking import ChangeError, name_of, policy, role, service


def inverse(change: c.AnyChange, before: Snapshot) -> tuple[c.AnyChange, ...]:
    """The changes, in order, that lead back to `before`, the account before the change. Raises ChangeError
    where there is no way back."""
    why = f"undo: {change.why}" if change.why else "undo"
    match change:
        case c.CreateRole():
            return (c.DeleteRole(role=change.role, why=why),)
        case c.DeleteRole():
            return _make_again(role(before, change.role), before, why)
        case c.PutRolePolicy() | c.DeleteRolePolicy():
            return (_inline(change, role(before, change.role), why),)
        case c.AttachRolePolicy():
            attached = role(before, change.role).attached_managed_policies
            if any(one.policy_arn == change.policy for one in attached):
                return ()
            return (c.DetachRolePolicy(role=change.role, policy=change.policy, why=why),)
        case c.DetachRolePolicy():
            return (c.AttachRolePolicy(role=change.role, policy=change.policy, why=why),)
        case c.UpdateTrust():
            trust = role(before, change.role).assume_role_policy_document
            return (c.UpdateTrust(role=change.role, trust=trust, why=why),)
        case c.PutBoundary():
            boundary = role(before, change.role).permissions_boundary
            arn = boundary.permissions_boundary_arn if boundary else ""
            return (c.PutBoundary(role=change.role, boundary=arn, why=why),)
        case c.TagRole():
            tags = role(before, change.role).tags
            touched = {*change.tags, *change.remove}
            old = {key: value for key, value in tags.items() if key in touched}
            new = tuple(sorted(key for key in change.tags if key not in tags))
            return (c.TagRole(role=change.role, tags=old, remove=new, why=why),)
        case c.SetInstanceProfileRole():
            for profile in before.instance_profiles:
                if profile.arn == change.profile:
                    old_role = profile.role_arns[0] if profile.role_arns else ""
                    return (c.SetInstanceProfileRole(profile=change.profile, role=old_role, why=why),)
            raise ChangeError(f"the instance profile {name_of(change.profile)} was not read")
        case c.CreateServiceLinkedRole():
            return ()
        case (
            c.CreatePolicy()
            | c.DeletePolicy()
            | c.CreatePolicyVersion()
            | c.SetDefaultPolicyVersion()
            | c.DeletePolicyVersion()
        ):
            return _policies(change, before, why)
        case c.RegisterTaskDefinition():
            return (c.DeregisterTaskDefinition(task_definition=change.task_definition, why=why),)
        case c.DeregisterTaskDefinition():
            raise ChangeError(
                "a revision that was deregistered cannot be made ACTIVE again; register a new one"
            )
        case c.UpdateService():
            return _service(change, before, why)
        case c.UpdateClusterExec():
            return (_cluster(change, before, why),)
        case c.PutRuleTarget() | c.UpdateSchedule():
            return (_launcher(change, before, why),)
        case c.SetResourcePolicy():
            return (_resource(change, before, why),)
        case c.CreateLogGroup():
            return (c.DeleteLogGroup(log_group=change.log_group, why=why),)
        case c.DeleteLogGroup():
            return (c.CreateLogGroup(log_group=change.log_group, why=why),)


def inverse_of_all(changes: tuple[c.AnyChange, ...], before: Snapshot) -> tuple[c.AnyChange, ...]:
    """The changes that take several back, the last one first."""
    from ecsiam_tui.changes.applying import apply_to

    undo: list[c.AnyChange] = []
    for change in changes:
        undo = [*inverse(change, before), *undo]
        before = apply_to(change, before)
    return tuple(undo)


def what_stays(change: c.AnyChange, before: Snapshot) -> str:
    """What undoing a change does not bring back, in a sentence; empty where it brings back everything."""
    match change:
        case c.DeleteRole():
            return (
                "A role that is made again has a new unique id: policies that name the old one stay broken."
            )
        case c.RegisterTaskDefinition():
            return "The revision stays, INACTIVE: numbers of revisions are never used again."
        case c.CreateServiceLinkedRole():
            return "The service-linked role stays: ECS needs it."
        case c.CreatePolicyVersion():
            oldest = oldest_other(policy(before, change.policy))
            if oldest is not None:
                return f"Version {oldest.version_id} is deleted to make room, and cannot be brought back."
        case c.UpdateService():
            return "Tasks that were replaced stay replaced; a new deployment brings back the old revision."
        case c.DeletePolicy():
            return "Only the default version is made again."
        case c.DeletePolicyVersion():
            return f"Version {change.version_id} cannot be brought back."
    return ""


def _make_again(found: Role, before: Snapshot, why: str) -> tuple[c.AnyChange, ...]:
    boundary = found.permissions_boundary
    arn = found.arn
    profiles = [one.arn for one in before.instance_profiles if arn in one.role_arns]
    return (
        c.CreateRole(
            role=arn,
            trust=found.assume_role_policy_document,
            description=found.description or "",
            tags=found.tags,
            boundary=boundary.permissions_boundary_arn if boundary else "",
            max_session_duration=found.max_session_duration or 3600,
            why=why,
        ),
        *(
            c.PutRolePolicy(role=arn, name=one.policy_name, document=one.policy_document, why=why)
            for one in found.role_policy_list
        ),
        *(
            c.AttachRolePolicy(role=arn, policy=one.policy_arn, why=why)
            for one in found.attached_managed_policies
        ),
        *(c.SetInstanceProfileRole(profile=profile, role=arn, why=why) for profile in profiles),
    )


def _inline(change: c.PutRolePolicy | c.DeleteRolePolicy, found: Role, why: str) -> c.AnyChange:
    for one in found.role_policy_list:
        if one.policy_name == change.name:
            return c.PutRolePolicy(role=change.role, name=change.name, document=one.policy_document, why=why)
    return c.DeleteRolePolicy(role=change.role, name=change.name, why=why)


def _policies(
    change: c.CreatePolicy
    | c.DeletePolicy
    | c.CreatePolicyVersion
    | c.SetDefaultPolicyVersion
    | c.DeletePolicyVersion,
    before: Snapshot,
    why: str,
) -> tuple[c.AnyChange, ...]:
    arn = change.policy
    if isinstance(change, c.CreatePolicy):
        return (c.DeletePolicy(policy=arn, why=why),)
    found = policy(before, arn)
    if isinstance(change, c.DeletePolicy):
        description = found.description or ""
        return (
            c.CreatePolicy(
                policy=arn, document=found.document, description=description, tags=found.tags, why=why
            ),
        )
    if isinstance(change, c.DeletePolicyVersion):
        return ()
    back = c.SetDefaultPolicyVersion(
        policy=arn, version_id=found.default_version_id, document=found.document, why=why
    )
    if isinstance(change, c.SetDefaultPolicyVersion):
        return (back,)
    made = f"v{max(map(version_number, found.policy_version_list), default=0) + 1}"
    return (back, c.DeletePolicyVersion(policy=arn, version_id=made, why=why))


def _service(change: c.UpdateService, before: Snapshot, why: str) -> tuple[c.AnyChange, ...]:
    found = service(before, change.service)
    was_on = found.enable_execute_command if change.enable_execute_command is not None else None
    old = found.task_definition if change.task_definition is not None else None
    if old is None and was_on is None:
        return ()
    return (
        c.UpdateService(
            service=change.service,
            task_definition=old,
            enable_execute_command=was_on,
            force_new_deployment=change.force_new_deployment,
            why=why,
        ),
    )


def _cluster(change: c.UpdateClusterExec, before: Snapshot, why: str) -> c.AnyChange:
    import msgspec

    for cluster in before.clusters:
        if cluster.cluster_arn == change.cluster:
            own = cluster.configuration.execute_command_configuration if cluster.configuration else None
            data = msgspec.to_builtins(own) if own is not None else None
            return c.UpdateClusterExec(cluster=change.cluster, configuration=data, why=why)
    raise ChangeError(f"there is no cluster {name_of(change.cluster)}")


def _launcher(change: c.PutRuleTarget | c.UpdateSchedule, before: Snapshot, why: str) -> c.AnyChange:
    if isinstance(change, c.UpdateSchedule):
        target = next((one.target for one in before.schedules if one.arn == change.schedule), None)
    else:
        targets = (one for rule in before.rules if rule.arn == change.rule for one in rule.targets)
        target = next((one for one in targets if one.id == change.target_id), None)
    if target is None:
        raise ChangeError("the rule or schedule was not read; refresh")
    role_arn = target.role_arn if change.role is not None else None
    old = target.ecs_parameters.task_definition_arn if change.task_definition is not None else None
    if isinstance(change, c.UpdateSchedule):
        return c.UpdateSchedule(schedule=change.schedule, role=role_arn, task_definition=old, why=why)
    return c.PutRuleTarget(
        rule=change.rule, target_id=change.target_id, role=role_arn, task_definition=old, why=why
    )


def _resource(change: c.SetResourcePolicy, before: Snapshot, why: str) -> c.AnyChange:
    records: tuple[tuple[str, object], ...] = (
        *((one.repository_arn, one.policy) for one in before.repositories),
        *((one.arn, one.policy) for one in before.secrets),
        *((one.arn, one.policy) for one in before.keys),
    )
    for arn, document in records:
        if arn == change.resource:
            if document is not None and not isinstance(document, str):
                raise ChangeError(
                    f"the policy of {name_of(arn)} was not read, so it could not be brought back"
                )
            return c.SetResourcePolicy(kind=change.kind, resource=arn, document=document, why=why)
    raise ChangeError(f"{name_of(change.resource)} was not read; refresh")
