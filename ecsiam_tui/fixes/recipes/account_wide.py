"""What concerns the whole account, and what cannot be mended here at all."""

from collections.abc import Iterator

from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.registry import table as rules
from ecsiam_tui.fixes.fix import Fix, recipe

_ECS = "ecs.amazonaws.com"
_PATH = f"/aws-service-role/{_ECS}/"


@recipe("create-service-linked-role")
def create_service_linked_role(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """AWSServiceRoleForECS; AWS writes its policies itself."""
    if any(role.path == _PATH for role in facts.snapshot.roles):
        return
    yield Fix(
        name="create-service-linked-role",
        title="Create the service-linked role of Amazon ECS, AWSServiceRoleForECS",
        finding=finding.key,
        changes=(c.CreateServiceLinkedRole(service=_ECS, why="ECS cannot do without it"),),
    )


@recipe("export-patch")
def export_patch(finding: Finding, _: Facts) -> Iterator[Fix]:
    """What has to be done elsewhere, in the words of the rule."""
    known = rules().get(finding.rule)
    words = known[0].fix if known else "Make the change where it is written down."
    yield Fix(
        name="export-patch",
        title=words,
        finding=finding.key,
        changes=(),
        breadth=9,
        warnings=(
            "Nothing to apply here: plan the change with other fixes or what-if, and export it for those who"
            " keep this.",
        ),
    )
