"""`lint`: what is wrong or odd in policy files, or in the policies of a principal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.checks import wrong_call
from ecsiam_tui.cli.ask.common import account_of, principal_of, text_of, write_json
from ecsiam_tui.cli.options import (
    Demo,
    EndpointUrl,
    Json,
    Profile,
    Region,
    RoleArn,
    SnapshotFile,
    Where,
)
from ecsiam_tui.cli.output import write
from ecsiam_tui.policy.telling import name_of

if TYPE_CHECKING:
    from ecsiam_tui.policy.account import AccountPolicies
    from ecsiam_tui.policy.lint import DocumentKind, Finding

_AWS_MANAGED = ":iam::aws:policy/"


class Kind(StrEnum):
    """What a document is used as."""

    IDENTITY = "identity"
    INLINE = "inline"
    TRUST = "trust"
    RESOURCE = "resource"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    VPCE = "vpce"


class Subject(NamedTuple):
    """A policy to be checked: where it stands, its text, what it is used as."""

    name: str
    text: str
    kind: DocumentKind


def lint(
    files: Annotated[list[Path] | None, typer.Argument(help="Policy files; - for standard input.")] = None,
    kind: Annotated[Kind, typer.Option("--kind", help="What the files are used as.")] = Kind.IDENTITY,
    principal: Annotated[
        list[str] | None,
        typer.Option("--principal", "-p", help="Role or user whose own policies are checked."),
    ] = None,
    check_with_aws: Annotated[
        bool, typer.Option("--check-with-aws", help="Ask Access Analyzer too (needs credentials).")
    ] = False,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Check policies: grammar, unknown names, empty patterns, size. Exits with 1 on errors.

    Of a principal: its inline and customer managed policies, its permissions boundary, the trust policy of a
    role. AWS managed policies are AWS's to mend and are left out.
    """
    from ecsiam_tui.policy.document import parse_document
    from ecsiam_tui.policy.lint import lint as check

    where = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo)
    if not files and not principal:
        raise wrong_call("lint takes policy files, or --principal ROLE for the policies of a role")
    if not principal and (snapshot or demo):
        raise wrong_call("--snapshot and --demo are for --principal; files need neither")
    subjects = [Subject(str(path), text_of(path), kind.value) for path in files or ()]
    unread: list[str] = []
    account = account_of(where) if principal else None
    for name in principal or ():
        assert account is not None
        arn = principal_of(account, name)
        subjects += _policies_of(account, arn)
        unread += [f"{name_of(arn)}: {what}" for what in account.layers(arn).unknown.values()]
    found = [
        (subject, finding)
        for subject in subjects
        for finding in check(parse_document(subject.text), subject.kind)
    ]
    said = list(_validated(where, subjects)) if check_with_aws else []
    if as_json:
        rows: list[dict[str, Any]] = [{"file": subject.name, "finding": item} for subject, item in found]
        rows += [{"file": name, "aws": text} for name, text in said]
        rows += [{"unread": what} for what in unread]
        write_json(rows)
    else:
        things = ("policy", "policies") if principal else ("file", "files")
        nothing = f"{len(subjects)} {things[len(subjects) != 1]}: nothing found"
        lines = [_line(*pair) for pair in found] or [nothing]
        write("\n".join([*lines, *(visible(f"INCOMPLETE without {what}") for what in unread)]))
        for name, text in said:
            print(visible(f"AWS: {name}: {text}"), file=sys.stderr)
    if any(finding.level == "error" for _, finding in found):
        raise typer.Exit(1)


def _line(subject: Subject, item: Finding) -> str:
    return visible(f"{subject.name}:{item.line}:{item.column}: {item.level}: {item.message} [{item.code}]")


def _policies_of(account: AccountPolicies, arn: str) -> Iterator[Subject]:
    """The policies of a principal that its account can change, each with its lines as they are shown
    elsewhere."""
    from ecsiam_tui.policy.document import pretty

    name = name_of(arn)
    for found in account.attachments(arn)[0]:
        if _AWS_MANAGED not in found.arn:
            yield Subject(f"{name}/{found.name}", pretty(found.text), "identity" if found.arn else "inline")
    known = account.principal(arn)
    if known is None:
        return
    if known.permissions_boundary is not None:
        boundary = account.managed_text(known.permissions_boundary.permissions_boundary_arn)
        if boundary is not None and _AWS_MANAGED not in boundary.arn:
            yield Subject(f"{name}/{boundary.name} (boundary)", pretty(boundary.text), "boundary")
    if isinstance(known, Role):
        yield Subject(f"{name}/trust policy", pretty(known.assume_role_policy_document), "trust")


def _validated(where: Where, subjects: list[Subject]) -> Iterator[tuple[str, str]]:
    """What Access Analyzer says of each."""
    from ecsiam_tui.aws.second_opinion import validation
    from ecsiam_tui.aws.session import Target, make_session

    session = make_session(Target(where.profile, where.region, where.role_arn, where.endpoint_url))
    for subject in subjects:
        for said in validation(session, subject.text, subject.kind):
            yield subject.name, said
