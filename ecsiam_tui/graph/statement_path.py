"""The way through the tree to one statement of a policy."""

from ecsiam_tui.account.iam import Role
from ecsiam_tui.graph.documents import document_text
from ecsiam_tui.graph.outline import SEPARATOR, TRUST, Outline, step
from ecsiam_tui.policy.document import parse_document


def statement_path(outline: Outline, holder: str, policy: str, lines: tuple[int, int]) -> tuple[str, ...]:
    """The keys from a root down to the statement at `lines` of a policy: as it stands below its holder, a
    role say, if that has it, else below the policy by itself. For a role's trust policy both are the role.
    Empty where there is no such statement."""
    node = outline.estate.get(policy)
    if node is None:
        return ()
    if isinstance(node.record, Role):
        path = outline.path_to(policy)
        path = (*path, f"{path[-1]}{SEPARATOR}{TRUST}") if path else ()
        text = node.record.assume_role_policy_document
    else:
        path = outline.path_to(holder) if outline.estate.nx.has_edge(holder, policy) else ()
        path = (*path, f"{path[-1]}{SEPARATOR}{step(policy)}") if path else outline.path_to(policy)
        text = document_text(node)
    statements = parse_document(text).statements
    at = next((statement.index for statement in statements if statement.lines == lines), None)
    return (*path, f"{path[-1]}{SEPARATOR}#{at}") if path and at is not None else ()
