"""Amazon EFS volumes: encrypted on the way, with IAM, through an access point; and who else gets in."""

from collections import defaultdict
from collections.abc import Iterator

from msgspec import UNSET

from ecsiam_tui.account.references import home_of
from ecsiam_tui.account.resources import FileSystem
from ecsiam_tui.account.tasks import FileSystemVolume, TaskDefinition
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, field, in_use, users
from ecsiam_tui.graph.kinds import EdgeKind
from ecsiam_tui.policy.principals import ANONYMOUS

_MOUNT = "elasticfilesystem:ClientMount"
_THROUGH_TARGET = {"elasticfilesystem:AccessedViaMountTarget": "true", "aws:SecureTransport": "true"}


class _Volume:
    """What is wrong with one volume: words, evidence, and how bad the worst is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.words: list[str] = []
        self.evidence: list[Evidence] = []
        self.severity = Severity.INFO

    def add(self, words: str, where: Evidence, severity: Severity) -> None:
        self.words.append(words)
        self.evidence.append(where)
        self.severity = max(self.severity, severity)


@rule(
    "ECS-IAM-059",
    "EFS volume that lets too much in",
    Severity.MEDIUM,
    fires="An EFS volume is mounted without TLS, without IAM or without an access point; or the policy of a"
    " mounted file system lets anybody in who reaches it.",
    why="Without IAM and access point every machine in the network that reaches the mount target has the"
    " files; without TLS whoever listens does.",
    source="AWS Security Hub control ECS.18 (TLS in transit for EFS volumes);"
    f' {DEVELOPER_GUIDE}, "Use Amazon EFS volumes with Amazon ECS"; Amazon EFS User Guide, "Using IAM to'
    ' control access to file systems" (the default policy grants every client)',
    fix="Set transitEncryption and authorizationConfig.iam to ENABLED, name an access point, and let the file"
    " system's policy allow the task roles alone.",
    fixes=("harden-volume", "set-resource-policy"),
)
def open_volumes(facts: Facts) -> Iterator[Draft]:
    doors: dict[str, str] = {}
    secured: dict[str, list[TaskDefinition]] = defaultdict(list)
    for definition in facts.definitions_in_use:
        home = home_of(definition.task_definition_arn)
        found: list[_Volume] = []
        for volume in definition.volumes:
            if efs := volume.efs_volume_configuration:
                arn = home.arn("elasticfilesystem", f"file-system/{efs.file_system_id}")
                if arn not in doors:
                    doors[arn] = _door(facts, facts.around.file_systems.get(arn))
                one = _Volume(volume.name)
                _judge(definition, one, efs, doors[arn], facts.title(arn))
                if one.words:
                    found.append(one)
                if _uses_iam(efs):
                    secured[arn].append(definition)
        if found:
            severity = max(one.severity for one in found)
            yield Draft(
                nodes=(definition.task_definition_arn,),
                summary=f"{definition.name}: "
                + "; ".join(f"volume {one.name}: {', '.join(one.words)}" for one in found)
                + ".",
                evidence=tuple(item for one in found for item in one.evidence),
                consequence=users(facts, definition),
                severity=in_use(facts, definition, severity),
            )
    yield from _open_systems(facts, doors, secured)


def _uses_iam(efs: FileSystemVolume) -> bool:
    return efs.authorization_config is not None and efs.authorization_config.iam == "ENABLED"


def _door(facts: Facts, system: FileSystem | None) -> str:
    """How a client without IAM fares: `open`, `shut`, or `unknown`. The engine takes the default policy where
    there is none."""
    if system is None or system.policy is UNSET:
        return "unknown"
    decision = facts.account.decide(ANONYMOUS, _MOUNT, system.file_system_arn, _THROUGH_TARGET)
    if decision.allowed:
        return "open"
    return "unknown" if decision.outcome == "Depends" else "shut"


def _judge(definition: TaskDefinition, one: _Volume, efs: FileSystemVolume, door: str, system: str) -> None:
    head = f"volumes.{one.name}.efsVolumeConfiguration"
    arn = definition.task_definition_arn
    if efs.transit_encryption != "ENABLED":
        text = efs.transit_encryption or "not set"
        one.add("no TLS", field(arn, f"{head}.transitEncryption", text), Severity.MEDIUM)
    if not _uses_iam(efs):
        where = field(arn, f"{head}.authorizationConfig.iam", "not ENABLED")
        if door == "shut":
            words = f"no IAM, without which the policy of {system} lets nobody mount it"
            one.add(words, where, Severity.HIGH)
        elif door == "open":
            words = f"no IAM, and {system} lets in anybody who reaches it"
            one.add(words, where, Severity.MEDIUM)
        else:
            one.add("no IAM", where, Severity.LOW)
    if efs.authorization_config is None or not efs.authorization_config.access_point_id:
        root = efs.root_directory or "/"
        where = field(arn, f"{head}.authorizationConfig.accessPointId", f"not set; rootDirectory {root}")
        severity = Severity.INFO if _uses_iam(efs) else Severity.LOW
        one.add("no access point", where, severity)


def _open_systems(
    facts: Facts, doors: dict[str, str], secured: dict[str, list[TaskDefinition]]
) -> Iterator[Draft]:
    """File systems that let anybody in although tasks mount them with IAM: the IAM of those keeps nobody
    out."""
    for arn, definitions in secured.items():
        system = facts.around.file_systems.get(arn)
        if system is None or doors[arn] != "open":
            continue
        mounted = [link.node.id for link in facts.estate.used_by(arn, EdgeKind.MOUNTS)]
        text = (
            "no policy: EFS then grants every client" if not system.policy else "grants clients without IAM"
        )
        yield Draft(
            nodes=(arn,),
            summary=f"The file system {facts.title(arn)} lets in anybody who reaches it, though"
            f" {facts.titles(item.task_definition_arn for item in definitions)} mount it with IAM.",
            evidence=(Evidence("setting", arn, "file system policy", text),),
            consequence=f"{facts.titles(mounted)} keep files there.",
            severity=Severity.MEDIUM if system.policy else Severity.LOW,
            fixes=("set-resource-policy",),
        )
