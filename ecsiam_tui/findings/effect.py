"""What the difference of two snapshots did: to permissions, to requirements, to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from ecsiam_tui.account.iam import Role
from ecsiam_tui.ecs.requirement import STATUSES, Judged, RoleKind, Status
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.policy.access import Access, AccessDiff, access
from ecsiam_tui.policy.access import diff as access_diff
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.document import PolicyDocument
from ecsiam_tui.policy.messages import condition_words


class PrincipalChange(msgspec.Struct, frozen=True):
    """A role or user that may do something else than before, or be assumed by somebody else.

    `let_in` and `shut_out` are lines of the trust policy that came and went. `unread` says what of its
    policies was not read on either side: then the difference may be one of reading."""

    principal: str
    what: Literal["added", "removed", "changed"]
    access: AccessDiff
    let_in: tuple[str, ...] = ()
    shut_out: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether anything is different."""
        found = self.access
        return bool(found.added or found.removed or found.changed or self.let_in or self.shut_out)


class RequirementChange(msgspec.Struct, frozen=True):
    """A requirement whose status is another; None where there was or is no such requirement. `judged` is
    what is known of it last."""

    subject: str
    role_kind: RoleKind
    action: str
    resource: str
    before: Status | None
    after: Status | None
    judged: Judged

    @property
    def is_worse(self) -> bool:
        """Whether something lacks now what it did not lack before."""
        return self.after is not None and self.after != "met" and _badness(self.after) > _badness(self.before)

    @property
    def is_better(self) -> bool:
        """Whether a lack is gone: mended, or nothing asks for it any more."""
        return self.before not in (None, "met") and _badness(self.after) < _badness(self.before)


class FindingChanges(msgspec.Struct, frozen=True):
    """Findings by what became of them; `graded` are those of another severity (before, after)."""

    new: tuple[Finding, ...]
    resolved: tuple[Finding, ...]
    still: tuple[Finding, ...]
    graded: tuple[tuple[Finding, Finding], ...] = ()


def _badness(status: Status | None) -> int:
    return len(STATUSES) - STATUSES.index(status) if status else 0


def permission_changes(before: AccountPolicies, after: AccountPolicies) -> tuple[PrincipalChange, ...]:
    """Who may do more, less or something else, by identity-based policies, boundaries and SCPs; and who may
    assume whom. Principals that a side could not read are left out."""
    same_organization = before.snapshot.organization == after.snapshot.organization
    accesses = (_memo(before), _memo(after))
    found: list[PrincipalChange] = []
    for arn in sorted({*before.principals, *after.principals}):
        if before.unread_principal(arn) or after.unread_principal(arn):
            continue
        old, new = before.principal(arn), after.principal(arn)
        what: Literal["added", "removed", "changed"] = (
            "added" if old is None else "removed" if new is None else "changed"
        )
        inputs = (_inputs(before, arn), _inputs(after, arn))
        let_in, shut_out = _trust_changes(before, after, arn)
        if what == "changed" and same_organization and inputs[0] == inputs[1]:
            if let_in or shut_out:
                found.append(PrincipalChange(arn, what, AccessDiff((), (), ()), let_in, shut_out))
            continue
        sides = [look(arn, key) for look, key in zip(accesses, inputs, strict=True)]
        unread = tuple(dict.fromkeys(text for side in sides for text in side.unread))
        change = PrincipalChange(arn, what, access_diff(*sides), let_in, shut_out, unread)
        if change.is_change:
            found.append(change)
    return tuple(found)


_Inputs = tuple[frozenset[tuple[str, str]], tuple[str, ...], str]


def _inputs(account: AccountPolicies, arn: str) -> _Inputs | None:
    """All that a principal's access comes from, SCPs aside; None for one that is not there."""
    principal = account.principal(arn)
    if principal is None:
        return None
    attachments, unread = account.attachments(arn)
    boundary = principal.permissions_boundary
    limit = ""
    if boundary is not None:
        text = account.managed_text(boundary.permissions_boundary_arn)
        limit = text.text if text else boundary.permissions_boundary_arn
    return frozenset((one.arn or one.name, one.text) for one in attachments), unread, limit


def _memo(account: AccountPolicies) -> Callable[[str, _Inputs | None], Access]:
    """Access of principals; those with the same policies have the same."""
    known: dict[_Inputs | None, Access] = {None: Access(())}

    def look(arn: str, inputs: _Inputs | None) -> Access:
        if inputs not in known:
            known[inputs] = access(account.layers(arn))
        return known[inputs]

    return look


def _trust_changes(
    before: AccountPolicies, after: AccountPolicies, arn: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old, new = (_trusted(account, arn) for account in (before, after))
    return tuple(text for text in new if text not in old), tuple(text for text in old if text not in new)


def _trusted(account: AccountPolicies, arn: str) -> tuple[str, ...]:
    role = account.principal(arn)
    if not isinstance(role, Role):
        return ()
    return tuple(dict.fromkeys(trust_lines(account.document(role.assume_role_policy_document))))


def trust_lines(document: PolicyDocument) -> Iterator[str]:
    """Whom a trust policy lets in, a line each: `events.amazonaws.com when aws:SourceAccount = 1234…`."""
    for statement in document.statements:
        head = "" if statement.effect == "Allow" else "denied: "
        tail = ""
        if statement.conditions:
            tail = f" when {' and '.join(map(condition_words, statement.conditions))}"
        for principal in statement.principals:
            yield f"{head}{principal.value}{tail}"
        if statement.not_principals:
            names = ", ".join(principal.value for principal in statement.not_principals)
            yield f"{head}all but {names}{tail}"


_Key = tuple[str, RoleKind, str, str]


def requirement_changes(old: Iterable[Judged], new: Iterable[Judged]) -> tuple[RequirementChange, ...]:
    """Requirements whose status is another: the worse first, then the better, then the rest. Where several
    are one by subject, role kind, action and resource, the worst counts."""
    left, right = _by_key(old), _by_key(new)
    found = [
        RequirementChange(
            *key, _status(left.get(key)), _status(right.get(key)), right[key] if key in right else left[key]
        )
        for key in (*left, *(key for key in right if key not in left))
        if _status(left.get(key)) != _status(right.get(key))
    ]
    found.sort(key=lambda change: (not change.is_worse, not change.is_better))
    return tuple(found)


def _status(judged: Judged | None) -> Status | None:
    return judged.status if judged else None


def _by_key(judged: Iterable[Judged]) -> dict[_Key, Judged]:
    found: dict[_Key, Judged] = {}
    for one in judged:
        asked = one.requirement
        key = (asked.subject, asked.role_kind, asked.action, asked.resource)
        known = found.get(key)
        if known is None or _badness(one.status) > _badness(known.status):
            found[key] = one
    return found


def finding_changes(old: Iterable[Finding], new: Iterable[Finding]) -> FindingChanges:
    """New, resolved and remaining findings, told apart by rule and node. Several of a rule on one node are
    one, of the worst severity."""
    left, right = _worst(old), _worst(new)
    return FindingChanges(
        tuple(finding for key, finding in right.items() if key not in left),
        tuple(finding for key, finding in left.items() if key not in right),
        tuple(finding for key, finding in right.items() if key in left),
        tuple(
            (left[key], finding)
            for key, finding in right.items()
            if key in left and left[key].severity != finding.severity
        ),
    )


def _worst(findings: Iterable[Finding]) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    for finding in findings:
        known = found.get(finding.key)
        if known is None or finding.severity > known.severity:
            found[finding.key] = finding
    return found
