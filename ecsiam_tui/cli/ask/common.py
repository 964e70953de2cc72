"""What the questions share: the account, its principals, context, policy files, and words for answers."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.text import visible_json
from ecsiam_tui.cli.ask.checks import wrong_call
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.output import write

if TYPE_CHECKING:
    from ecsiam_tui.cli.options import Where
    from ecsiam_tui.policy.account import AccountPolicies
    from ecsiam_tui.policy.document import PolicyDocument

Context = Annotated[
    list[str] | None,
    typer.Option("--context", "-c", help="Condition key as key=value; the same key twice is a list."),
]


def account_of(where: Where) -> AccountPolicies:
    """The policies of the source."""
    from ecsiam_tui.policy.account import AccountPolicies

    return AccountPolicies(where.load().snapshot)


def principal_of(account: AccountPolicies, name: str) -> str:
    """The ARN of a principal given by ARN or name. Also taken: the account's root, `anonymous` for a request
    that nobody signs, services and identity providers, principals of other accounts and those that a listing
    with gaps may have left out, whose policies were not read. Raises CommandError with near names for an
    unknown one."""
    from ecsiam_tui.policy.principals import parse_principal

    arn = account.resolve(name)
    if account.principal(arn) is not None or account.unread_principal(arn):
        return arn
    root = f"arn:{account.snapshot.partition}:iam::{account.snapshot.account_id}:root"
    parsed = parse_principal(root if arn == "root" else arn)
    if parsed.kind in ("root", "anonymous", "service"):
        return parsed.text
    if arn.startswith("arn:") and not parsed.is_iam:
        return arn
    names = {short_name(known).lower(): short_name(known) for known in account.principals}
    near = [names[found] for found in get_close_matches(short_name(name).lower(), names, 3, 0.5)]
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    gaps = [kind for kind in ("roles", "users") if not account.snapshot.is_known(kind)]
    unread = f"; {' and '.join(gaps)} could not all be read: give the ARN to ask all the same" if gaps else ""
    raise CommandError(
        f"no role or user is called {name!r} in account {account.snapshot.account_id}{unread}{hint}"
    )


def context_of(pairs: list[str] | None) -> dict[str, Any]:
    """Context from `key=value` pairs; a key given several times is multivalued. Raises WrongCall."""
    context: dict[str, Any] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise wrong_call(
                f"--context takes key=value, such as aws:RequestedRegion=eu-west-1, not {pair!r}"
            )
        if key not in context:
            context[key] = value
        elif isinstance(context[key], list):
            context[key].append(value)
        else:
            context[key] = [context[key], value]
    return context


def policy_file(path: Path) -> PolicyDocument:
    """The policy in a file. Raises CommandError where the file cannot be read or holds no valid statement."""
    from ecsiam_tui.policy.document import parse_document

    document = parse_document(text_of(path))
    if document.problems and not document.statements:
        raise CommandError(f"{path}: {document.problems[0]}")
    return document


def text_of(path: Path) -> str:
    """The text of a file, `-` for standard input. Raises CommandError."""
    try:
        if str(path) == "-":
            return typer.get_text_stream("stdin").read()
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CommandError(f"{path}: cannot be read: {reason}") from error


def write_json(data: Any) -> None:
    """Print a value as JSON, two spaces a level."""
    write(visible_json(msgspec.json.format(msgspec.json.encode(data), indent=2).decode()))
