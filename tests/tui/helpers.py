"""What several tests of the explorer need."""

from ecsiam_tui.account.ecs import Cluster, Service
from ecsiam_tui.account.iam import InlinePolicy, Role
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.tui.app import EcsIamApp
from tests.tui.sources import NOW

HOSTILE = "[/x] \x1b]0;owned\x07 ‮evil [arn:aws:iam::1:role/x] 🐙 \u200b"
ROLE = "arn:aws:iam::123456789012:role/app"


def title(app: EcsIamApp) -> str:
    """The title of the item under the cursor."""
    item = app.explorer.tree_view.item
    assert item is not None
    return item.title


def text_of(app: EcsIamApp) -> str:
    """All that is on the screen."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


def tiny_account(*, name: str = "app", document: str = '{"Version":"2012-10-17","Statement":[]}') -> Snapshot:
    """One cluster, one service, one role."""
    cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/c"
    definition = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"
    return Snapshot(
        account_id="123456789012",
        taken_at=NOW,
        regions=("eu-west-1",),
        clusters=(Cluster(cluster_arn=cluster, cluster_name=name, tags={"t": name}),),
        services=(
            Service(
                service_arn="arn:aws:ecs:eu-west-1:123456789012:service/c/web",
                service_name=name,
                cluster_arn=cluster,
                task_definition=definition,
            ),
        ),
        task_definitions=(
            TaskDefinition(
                task_definition_arn=definition, family="web", revision=1, task_role_arn=ROLE, latest=True
            ),
        ),
        roles=(
            Role(
                role_name=name,
                arn=ROLE,
                description=name,
                assume_role_policy_document=document,
                role_policy_list=(InlinePolicy(policy_name="own", policy_document=document),),
            ),
        ),
    )
