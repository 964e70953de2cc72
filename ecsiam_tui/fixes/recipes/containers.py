"""Containers that get at their host, run as root, or may change their own files; and the machines below."""

from collections.abc import Iterator

from ecsiam_tui.account.tasks import ContainerDefinition, TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.rules.containers import CAPABILITIES, HOST_PATHS, ROOT
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe, recipe
from ecsiam_tui.fixes.revisions import new_revision
from ecsiam_tui.fixes.statement_edits import completed

_USERS = ("65534", "1000", "10001")
"""Users that are not root: nobody, and the two that images name most."""


@asking_recipe("harden-containers")
def harden_containers(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """A revision without what lets containers at their host (056), or with a user and read-only files."""
    if finding.rule == "ECS-IAM-030":
        yield Fix(
            name="harden-containers",
            title="By hand: give tasks of different trust capacity of their own, or run them on Fargate",
            finding=finding.key,
            changes=(),
            warnings=("Two services on one instance stay neighbours, however well each is fenced in.",),
        )
        return
    definition = facts.around.definitions.get(finding.node)
    if definition is not None and definition.status != "ACTIVE":
        yield Fix(
            name="harden-containers",
            title=f"First roll a revision out that is ACTIVE: {definition.name} is {definition.status}",
            finding=finding.key,
            changes=(),
        )
    elif definition is None:
        yield Fix(
            name="harden-containers",
            title="By hand: register the daemon task definition with a user and a read-only root file system",
            finding=finding.key,
            changes=(),
            warnings=("This program does not register daemon task definitions.",),
        )
    elif finding.rule == "ECS-IAM-056":
        yield from _fenced(finding, facts, definition)
    else:
        yield from _softened(finding, facts, definition, answers)


def _fix(
    finding: Finding,
    facts: Facts,
    definition: TaskDefinition,
    edits: list[c.Edit],
    told: list[str],
    costs: tuple[str, ...],
    questions: tuple[Question, ...] = (),
    breadth: int = 0,
) -> Fix:
    made = new_revision(definition.task_definition_arn, tuple(edits), facts, "harden its containers")
    newest = facts.around.definitions.get(definition.task_definition_arn.rpartition(":")[0])
    warning = ""
    if newest is not None and newest.revision > definition.revision:
        warning = f"The new revision is made from {definition.name}: what {newest.name} changes is not in it."
    return Fix(
        name="harden-containers",
        title=f"{definition.family} in a new revision: {listed(told, 4)}",
        finding=finding.key,
        changes=completed(facts, made.changes),
        breadth=breadth,
        costs=costs,
        warnings=(*((warning,) if warning else ()), *made.warnings),
        questions=questions,
    )


# At the host ------------------------------------------------------------------------------------------------


def _fenced(finding: Finding, facts: Facts, definition: TaskDefinition) -> Iterator[Fix]:
    edits: list[c.Edit] = []
    told: list[str] = []
    paths = {
        volume.name
        for volume in definition.volumes
        if volume.host
        and (volume.host.source_path or "").rstrip("/") in HOST_PATHS | {""}
        and volume.host.source_path
    }
    for number, container in enumerate(definition.container_definitions):
        head: c.Path = ("containerDefinitions", number)
        for path, words, value in _of_container(container, paths):
            edits.append(c.Edit(path=(*head, *path), value=value))
            told.append(f"{container.name} {words}")
    for name, words in (("pidMode", "processes"), ("ipcMode", "memory segments")):
        if (definition.pid_mode if name == "pidMode" else definition.ipc_mode) == "host":
            edits.append(c.Edit(path=(name,), remove=True))
            told.append(f"without the host's {words}")
    costs = ["What needs the host no longer works in these containers: try it first."]
    if definition.network_mode == "host":
        edits.append(c.Edit(path=("networkMode",), value="bridge"))
        told.append("in the bridge network")
        costs.append(
            "In the bridge network containers are reached by the ports that portMappings name, and no longer"
            " by localhost of the instance."
        )
    if edits:
        yield _fix(finding, facts, definition, edits, told, tuple(costs))


def _of_container(container: ContainerDefinition, paths: set[str]) -> Iterator[tuple[c.Path, str, object]]:
    if container.privileged:
        yield ("privileged",), "not privileged", False
    capabilities = (container.linux_parameters or {}).get("capabilities")
    added = list(capabilities.get("add") or ()) if isinstance(capabilities, dict) else []
    kept = [name for name in added if str(name).upper().removeprefix("CAP_") not in CAPABILITIES]
    if len(kept) < len(added):
        gone = listed(str(name) for name in added if name not in kept)
        yield ("linuxParameters", "capabilities", "add"), f"without {gone}", kept
    mounts = [
        {
            key: value
            for key, value in (
                ("sourceVolume", mount.source_volume),
                ("containerPath", mount.container_path),
                ("readOnly", mount.read_only),
            )
            if value is not None
        }
        for mount in container.mount_points
        if mount.source_volume not in paths
    ]
    if len(mounts) < len(container.mount_points):
        gone = listed(m.source_volume or "" for m in container.mount_points if m.source_volume in paths)
        yield ("mountPoints",), f"without the mount {gone}", mounts


# Users and files --------------------------------------------------------------------------------------------


def _softened(finding: Finding, facts: Facts, definition: TaskDefinition, answers: Answers) -> Iterator[Fix]:
    soft = [
        container
        for container in definition.container_definitions
        if not container.user or container.user.split(":")[0] in ROOT
    ]
    question = Question(
        "user",
        f"As which user do {listed((container.name for container in soft), 4)} run?",
        tuple(Choice(user, f"user {user}") for user in _USERS),
        (_USERS[0],),
    )
    edits: list[c.Edit] = []
    told: list[str] = []
    (user,) = question.answer(answers)[:1] or (_USERS[0],)
    for number, container in enumerate(definition.container_definitions):
        head: c.Path = ("containerDefinitions", number)
        if not container.readonly_root_filesystem:
            edits.append(c.Edit(path=(*head, "readonlyRootFilesystem"), value=True))
            told.append(f"{container.name} with read-only files")
        if container in soft:
            edits.append(c.Edit(path=(*head, "user"), value=user))
            told.append(f"{container.name} as user {user}")
    costs = [
        "A program that writes outside its volumes fails: give what must be written a volume, and try it."
    ]
    if soft:
        costs.append("A program that needs root fails, and so does one whose files belong to another user.")
    if edits:
        yield _fix(
            finding, facts, definition, edits, told, tuple(costs), (question,) if soft else (), breadth=0
        )


# Machines ---------------------------------------------------------------------------------------------------


@recipe("harden-instance-metadata")
def harden_instance_metadata(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """No change of permissions: the options of the instance, and the agent's configuration."""
    ids = [
        instance.ec2_instance_id
        for instance in facts.snapshot.container_instances
        if instance.container_instance_arn == finding.node and instance.ec2_instance_id
    ]
    if not ids:
        yield Fix(
            name="harden-instance-metadata",
            title="By hand: keep tasks from the metadata of the instances: tokens required, hop limit 1",
            finding=finding.key,
            changes=(),
            warnings=("Tasks in awsvpc mode are held by ECS_AWSVPC_BLOCK_IMDS=true of the agent alone.",),
        )
        return
    which = ids[0]
    command = (
        f"aws ec2 modify-instance-metadata-options --instance-id {which} --http-tokens required"
        " --http-put-response-hop-limit 1"
    )
    yield Fix(
        name="harden-instance-metadata",
        title=f"By hand: {command}",
        finding=finding.key,
        changes=(),
        warnings=(
            "Set the same in the launch template: new instances come from it.",
            "The hop limit does not hold tasks in awsvpc or host mode: set ECS_AWSVPC_BLOCK_IMDS=true for the"
            " agent, and move tasks out of host mode.",
        ),
    )
