"""What is said of roles and policies."""

from collections.abc import Iterator

from ecsiam_tui.account.iam import InlinePolicy, ManagedPolicy, Role
from ecsiam_tui.account.snapshot import OrganizationPolicy
from ecsiam_tui.graph.documents import document_text
from ecsiam_tui.graph.estate import Estate, Node
from ecsiam_tui.graph.facts import Fact, Section, optional, when
from ecsiam_tui.graph.kinds import EdgeKind, relation
from ecsiam_tui.policy.document import parse_document


def role(estate: Estate, node: Node, role: Role) -> Iterator[Section]:
    last = role.role_last_used
    used = (
        f"{when(last.last_used_date)} in {last.region}"
        if last and last.last_used_date
        else "never, in 400 days"
    )
    boundary = next((link.node for link in estate.uses(node.id, EdgeKind.BOUNDED_BY)), None)
    trusted = [link.node.title for link in estate.used_by(node.id, EdgeKind.ASSUMES)]
    passes = list(estate.uses(node.id, EdgeKind.PASSES))
    yield Section(
        "",
        (
            Fact("trusts", ", ".join(trusted) or "nobody", "plain" if trusted else "warn"),
            Fact("last used", used, "plain" if last and last.last_used_date else "dim"),
            Fact(
                "boundary", boundary.title if boundary else "none", node_id=boundary.id if boundary else None
            ),
            Fact("path", role.path, "dim"),
            *optional("description", role.description),
            *(
                [Fact("may pass", ", ".join(sorted({link.node.title for link in passes})), "warn")]
                if passes
                else []
            ),
        ),
    )
    policies = [
        Fact(
            "inline" if link.kind == EdgeKind.INLINE else (link.node.note or "attached"),
            f"{link.node.title}  {_size_text(link.node)}",
            "plain" if link.node.record is not None else "warn",
            link.node.id,
        )
        for kind in (EdgeKind.INLINE, EdgeKind.ATTACHED)
        for link in estate.uses(node.id, kind)
    ]
    yield Section("policies", tuple(policies))


def _size_text(node: Node) -> str:
    text = document_text(node)
    if not text:
        return "not read"
    count = len(parse_document(text).statements)
    return f"{count} statement{'' if count == 1 else 's'}"


def policy(
    estate: Estate, node: Node, record: ManagedPolicy | InlinePolicy | OrganizationPolicy
) -> Iterator[Section]:
    facts = [Fact("holds", _size_text(node))]
    if isinstance(record, ManagedPolicy):
        versions = ", ".join(version.version_id for version in record.policy_version_list)
        facts = [
            Fact("owner", "AWS" if record.is_aws_managed else "this account"),
            Fact(
                "version",
                f"{record.default_version_id} (of {versions})" if versions else record.default_version_id,
            ),
            *facts,
            *optional("description", record.description),
        ]
    holders = list(estate.used_by(node.id, EdgeKind.ATTACHED, EdgeKind.INLINE, EdgeKind.BOUNDED_BY))
    facts += [
        Fact(relation(link.kind, backwards=True), link.node.title, node_id=link.node.id)
        for link in holders[:8]
    ]
    if len(holders) > 8:
        facts.append(Fact("", f"and {len(holders) - 8} more (see used by)", "dim"))
    yield Section("", tuple(facts))
    document = parse_document(document_text(node))
    yield Section(
        "not valid", tuple(Fact(f"line {item.line}", str(item), "bad") for item in document.problems)
    )
    yield Section(
        "statements",
        tuple(
            Fact(
                statement.label,
                f"{statement.effect}  {', '.join(statement.actions or statement.not_actions)[:200]}",
                "plain" if statement.effect == "Allow" else "warn",
            )
            for statement in document.statements
        ),
    )
