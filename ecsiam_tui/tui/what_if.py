"""What of a thing can be changed, and by which changes: a document to edit, or one of several to pick."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from msgspec import UnsetType

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.ecs import Service
from ecsiam_tui.account.iam import InlinePolicy, ManagedPolicy, Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.account.text import visible_json
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.graph.estate import Node
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind
from ecsiam_tui.graph.outline import TRUST, Item
from ecsiam_tui.policy.aws_managed import aws_managed_arns
from ecsiam_tui.policy.document import parse_document
from ecsiam_tui.policy.lint import DocumentKind
from ecsiam_tui.workspace import Workspace

Changes = tuple[c.AnyChange, ...]

TEMPLATE = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [],
      "Resource": []
    }
  ]
}"""


class Subject(NamedTuple):
    """A document to edit. `changes` gives what writes it, `line` (from 1) is where to begin."""

    title: str
    kind: DocumentKind
    text: str
    changes: Callable[[str], Changes]
    line: int = 1


class Pick(NamedTuple):
    """One of several to pick: values with labels. `current` is what it is now; `own` says that a text that
    is typed and no choice can be picked as it is (an ARN)."""

    title: str
    choices: tuple[tuple[str, str], ...]
    changes: Callable[[str], Changes]
    current: str = ""
    own: bool = False


class Naming(NamedTuple):
    """A document that needs a name first."""

    title: str
    subject: Callable[[str], Subject]


class Choosing(NamedTuple):
    """Something to choose before there is something to pick."""

    title: str
    choices: tuple[tuple[str, str], ...]
    pick: Callable[[str], Pick]


Start = Subject | Pick | Naming | Choosing


class Way(NamedTuple):
    """One thing that can be changed."""

    label: str
    start: Callable[[], Start]


def ways(item: Item, ground: Workspace) -> list[Way]:
    """What can be changed about a row of the tree, in the account as the staged plan leaves it. Empty where
    nothing can."""
    node = ground.estate.get(item.node.id) if item.node is not None else None
    if node is None or node.record is None:
        return []
    line = item.statement.lines[0] if item.statement is not None else 1
    record, snapshot = node.record, ground.snapshot
    match record:
        case Role():
            if record.is_service_linked:
                return []
            if item.key.endswith(TRUST) or item.statement is not None:
                return [Way("trust policy", lambda: _trust(record, line))]
            return list(_of_role(record, snapshot))
        case InlinePolicy():
            holder = next(ground.estate.used_by(node.id, EdgeKind.INLINE), None)
            if holder is None or not isinstance(holder.node.record, Role):
                return []
            arn = holder.node.id
            return [Way(record.policy_name, lambda: _inline(arn, record, line))]
        case ManagedPolicy():
            return [] if record.is_aws_managed else [Way("document", lambda: _managed(record, line))]
        case Service():
            return list(_of_service(record, snapshot))
        case TaskDefinition():
            users = [link.node for link in ground.estate.used_by(node.id, EdgeKind.RUNS)]
            return list(_of_definition(record, users, snapshot))
    return _of_resource(node)


def why_not(item: Item, ground: Workspace) -> str:
    """Why nothing about a row can be changed here, and the way out."""
    node = ground.estate.get(item.node.id) if item.node is not None else None
    if node is None:
        return "choose a role, policy, service or task definition"
    match node.record:
        case None:
            return f"{node.title} was not read, or does not exist: f on its finding may help"
        case Role():
            return f"{node.title} is service-linked: AWS alone changes it"
        case ManagedPolicy():
            return f"{node.title} is AWS's own: w on a role that has it swaps it for another"
        case InlinePolicy():
            return "policies of users and groups are not changed here, those of roles are"
    return "choose a role, policy, service or task definition"


# Roles


def _of_role(role: Role, snapshot: Snapshot) -> Iterator[Way]:
    for policy in role.role_policy_list:
        yield Way(f"inline policy {policy.policy_name}", lambda policy=policy: _inline(role.arn, policy, 1))  # type: ignore[misc]
    yield Way("new inline policy", lambda: _new_inline(role))
    yield Way("trust policy", lambda: _trust(role, 1))
    yield Way("attach a managed policy", lambda: _attach(role, snapshot))
    if role.attached_managed_policies:
        yield Way("detach a managed policy", lambda: _detach(role))
        yield Way("swap a managed policy for another", lambda: _swap(role, snapshot))
    yield Way("permissions boundary", lambda: _boundary(role, snapshot))
    if role.role_policy_list:
        yield Way("delete an inline policy", lambda: _delete_inline(role))


def shown(text: str) -> str:
    """A document as it is edited: laid out if it is one line, and nothing in it that a terminal obeys."""
    return visible_json(parse_document(text).display_text)


def _inline(arn: str, policy: InlinePolicy, line: int) -> Subject:
    name = policy.policy_name
    return Subject(
        f"inline policy {name} of {short_name(arn)}",
        "inline",
        shown(policy.policy_document),
        lambda text: (c.PutRolePolicy(role=arn, name=name, document=text),),
        line,
    )


def _new_inline(role: Role) -> Naming:
    taken = {policy.policy_name for policy in role.role_policy_list}
    number = next(number for number in range(1, len(taken) + 2) if f"policy-{number}" not in taken)

    def subject(name: str) -> Subject:
        return Subject(
            f"new inline policy {name} of {role.role_name}",
            "inline",
            TEMPLATE,
            lambda text: (c.PutRolePolicy(role=role.arn, name=name, document=text),),
            6,
        )

    return Naming(f"policy-{number}", subject)


def _trust(role: Role, line: int) -> Subject:
    return Subject(
        f"trust policy of {role.role_name}",
        "trust",
        shown(role.assume_role_policy_document),
        lambda text: (c.UpdateTrust(role=role.arn, trust=text),),
        line,
    )


def _managed(policy: ManagedPolicy, line: int) -> Subject:
    return Subject(
        f"policy {policy.policy_name}",
        "identity",
        shown(policy.document),
        lambda text: (c.CreatePolicyVersion(policy=policy.arn, document=text),),
        line,
    )


def _policies(snapshot: Snapshot, but: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """All managed policies: those of the account, those of AWS that it uses, then the other ones of AWS."""
    left_out = set(but)
    own = sorted(
        (policy for policy in snapshot.policies if policy.arn not in left_out),
        key=lambda policy: (policy.is_aws_managed, policy.policy_name.lower()),
    )
    found = {
        policy.arn: f"{policy.policy_name}  {'AWS managed' if policy.is_aws_managed else 'this account'}"
        for policy in own
    }
    for arn in aws_managed_arns(snapshot.partition):
        if arn not in found and arn not in left_out and "/aws-service-role/" not in arn:
            found[arn] = f"{short_name(arn)}  AWS managed, not read"
    return tuple(found.items())


def _attached(role: Role) -> tuple[tuple[str, str], ...]:
    return tuple((one.policy_arn, one.policy_name) for one in role.attached_managed_policies)


def _attach(role: Role, snapshot: Snapshot) -> Pick:
    taken = [one.policy_arn for one in role.attached_managed_policies]
    return Pick(
        f"attach to {role.role_name}",
        _policies(snapshot, taken),
        lambda policy: (c.AttachRolePolicy(role=role.arn, policy=policy),),
        own=True,
    )


def _detach(role: Role) -> Pick:
    return Pick(
        f"detach from {role.role_name}",
        _attached(role),
        lambda policy: (c.DetachRolePolicy(role=role.arn, policy=policy),),
    )


def _swap(role: Role, snapshot: Snapshot) -> Choosing:
    taken = [one.policy_arn for one in role.attached_managed_policies]

    def pick(old: str) -> Pick:
        return Pick(
            f"attach to {role.role_name} in the place of {short_name(old)}",
            _policies(snapshot, taken),
            lambda new: (
                c.AttachRolePolicy(role=role.arn, policy=new),
                c.DetachRolePolicy(role=role.arn, policy=old),
            ),
            own=True,
        )

    return Choosing("Swap which policy?", _attached(role), pick)


def _boundary(role: Role, snapshot: Snapshot) -> Pick:
    current = role.permissions_boundary.permissions_boundary_arn if role.permissions_boundary else ""
    return Pick(
        f"permissions boundary of {role.role_name}",
        (("", "none"), *_policies(snapshot, ())),
        lambda policy: (c.PutBoundary(role=role.arn, boundary=policy),),
        current,
        own=True,
    )


def _delete_inline(role: Role) -> Pick:
    names = tuple((policy.policy_name, policy.policy_name) for policy in role.role_policy_list)
    return Pick(
        f"delete an inline policy of {role.role_name}",
        names,
        lambda name: (c.DeleteRolePolicy(role=role.arn, name=name),),
    )


# Services and task definitions

_ROLE_FIELDS = (("taskRoleArn", "task role"), ("executionRoleArn", "execution role"))


def _roles(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """Roles that ECS tasks may be given first."""

    def trusts_tasks(role: Role) -> bool:
        return "ecs-tasks.amazonaws.com" in role.assume_role_policy_document

    roles = sorted(
        (role for role in snapshot.roles if not role.is_service_linked),
        key=lambda role: (not trusts_tasks(role), role.role_name.lower()),
    )
    return (
        *(
            (role.arn, role.role_name + ("" if trusts_tasks(role) else "  does not trust ecs-tasks"))
            for role in roles
        ),
        ("", "none"),
    )


def _of_service(service: Service, snapshot: Snapshot) -> Iterator[Way]:
    arn = service.task_definition
    definition = next((one for one in snapshot.task_definitions if one.task_definition_arn == arn), None)
    if definition is not None:
        for field, word in _ROLE_FIELDS:
            yield Way(
                word,
                lambda field=field, word=word: _role_of(  # type: ignore[misc]
                    definition, field, f"{word} of {service.service_name}", [service.service_arn], snapshot
                ),
            )
    on = service.enable_execute_command
    yield Way(f"ECS Exec: turn {'off' if on else 'on'}", lambda: _exec(service))


def _exec(service: Service) -> Pick:
    on = not service.enable_execute_command
    return Pick(
        f"ECS Exec of {service.service_name}",
        (
            ("set", f"{'on' if on else 'off'}, with a new deployment"),
            ("later", f"{'on' if on else 'off'} for tasks to come"),
        ),
        lambda when: (
            c.UpdateService(
                service=service.service_arn, enable_execute_command=on, force_new_deployment=when == "set"
            ),
        ),
    )


def _of_definition(definition: TaskDefinition, users: list[Node], snapshot: Snapshot) -> Iterator[Way]:
    name = short_name(definition.task_definition_arn)
    services = [node.id for node in users if node.kind == NodeKind.SERVICE]
    count = len(services)
    rolls = f", {count} service{'s roll' if count > 1 else ' rolls'} out" if count else ""
    for field, word in _ROLE_FIELDS:
        for label, rolled in ((f"{word}{rolls}", services), (f"{word}, only register", [])):
            if rolled or label.endswith("only register"):
                yield Way(
                    label,
                    lambda field=field, word=word, rolled=rolled: _role_of(  # type: ignore[misc]
                        definition, field, f"{word} of {name}", rolled, snapshot
                    ),
                )


def _role_of(
    definition: TaskDefinition, field: str, title: str, services: list[str], snapshot: Snapshot
) -> Pick:
    current = definition.task_role_arn if field == "taskRoleArn" else definition.execution_role_arn

    def changes(role: str) -> Changes:
        made = next_revision(definition.task_definition_arn, snapshot)
        edit = c.Edit(path=(field,), value=role) if role else c.Edit(path=(field,), remove=True)
        register = c.RegisterTaskDefinition(
            base=definition.task_definition_arn, task_definition=made, edits=(edit,)
        )
        return (register, *(c.UpdateService(service=arn, task_definition=made) for arn in services))

    return Pick(title, _roles(snapshot), changes, current or "")


# Resources

_POLICY_KINDS: dict[NodeKind, c.ResourceKind] = {
    NodeKind.REPOSITORY: "repository",
    NodeKind.SECRET: "secret",
    NodeKind.KEY: "key",
}


def _of_resource(node: Node) -> list[Way]:
    kind = _POLICY_KINDS.get(node.kind)
    text = getattr(node.record, "policy", None)
    if kind is None or isinstance(text, UnsetType):
        return []

    def start() -> Subject:
        return Subject(
            f"policy of the {kind} {node.title}",
            "resource",
            shown(text)
            if text
            else TEMPLATE.replace('"Action"', '"Principal": {"AWS": ""},\n      "Action"'),
            lambda document: (c.SetResourcePolicy(kind=kind, resource=node.id, document=document),),
        )

    return [Way("its policy", start)]
