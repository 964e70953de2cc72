"""EFS volumes: encrypted on the way, with IAM, through an access point."""

from collections.abc import Iterator

from ecsiam_tui.account.references import home_of
from ecsiam_tui.account.tasks import FileSystemVolume, TaskDefinition
from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe
from ecsiam_tui.fixes.revisions import new_revision
from ecsiam_tui.fixes.statement_edits import completed


@asking_recipe("harden-volume")
def harden_volume(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """A revision whose volumes use TLS, IAM and, where the file system has one, an access point; the task
    role gets what mounting then asks for."""
    definition = facts.around.definitions.get(finding.node)
    if definition is None:
        return
    edits: list[c.Edit] = []
    told: list[str] = []
    questions: list[Question] = []
    lacking: list[str] = []
    for number, volume in enumerate(definition.volumes):
        efs = volume.efs_volume_configuration
        if efs is None:
            continue
        head: c.Path = ("volumes", number, "efsVolumeConfiguration")
        own = efs.authorization_config
        if efs.transit_encryption != "ENABLED":
            edits.append(c.Edit(path=(*head, "transitEncryption"), value="ENABLED"))
            told.append(f"{volume.name} with TLS")
        if own is None or own.iam != "ENABLED":
            edits.append(c.Edit(path=(*head, "authorizationConfig", "iam"), value="ENABLED"))
            told.append(f"{volume.name} with IAM")
        if own is None or not own.access_point_id:
            question = _question(facts, definition, volume.name, efs)
            if not question.choices:
                lacking.append(volume.name)
                continue
            questions.append(question)
            for point in question.answer(answers)[:1]:
                edits.append(c.Edit(path=(*head, "authorizationConfig", "accessPointId"), value=point))
                # With an access point the root directory is omitted or / (ECS API Reference,
                # EFSVolumeConfiguration).
                edits.append(c.Edit(path=(*head, "rootDirectory"), value="/"))
                told.append(f"{volume.name} through {point}")
    costs = tuple(f"{name} has no access point to go through: create one." for name in lacking)
    if not edits:
        yield Fix(
            name="harden-volume",
            title=f"By hand: create an access point for {listed(lacking) or definition.name}",
            finding=finding.key,
            changes=(),
            warnings=("aws efs create-access-point; then name it in a new revision.",),
        )
        return
    made = new_revision(definition.task_definition_arn, tuple(edits), facts, "harden its volumes")
    yield Fix(
        name="harden-volume",
        title=f"{definition.family} in a new revision: {listed(told, 4)}",
        finding=finding.key,
        changes=completed(facts, made.changes),
        costs=costs,
        warnings=made.warnings,
        questions=tuple(questions),
    )


def _question(facts: Facts, definition: TaskDefinition, name: str, efs: FileSystemVolume) -> Question:
    """Which access point; the one there is where it leads to the same directory."""
    arn = home_of(definition.task_definition_arn).arn(
        "elasticfilesystem", f"file-system/{efs.file_system_id}"
    )
    system = facts.around.file_systems.get(arn)
    points = system.access_points if system else ()
    root = efs.root_directory or "/"
    same = [one.access_point_id for one in points if (one.root_directory or {}).get("Path", "/") == root]
    return Question(
        f"access point of {name}",
        f"Through which access point is {name} mounted? It sees the directory of the access point alone.",
        tuple(
            Choice(one.access_point_id, one.access_point_id, str((one.root_directory or {}).get("Path", "/")))
            for one in points
        ),
        (same[0],) if len(same) == 1 else (),
    )
