"""How answers look: the header, a line for each layer that matters, the near miss, what else is needed."""

from pathlib import Path
from typing import Any

import pytest

from ecsiam_tui.account.files import save
from ecsiam_tui.account.snapshot import Gap
from ecsiam_tui.cli.ask import layout
from tests.cli.asking import answer, ask, data, flat
from tests.policy.snapshots import KEY, SECRET, attached, role, snapshot
from tests.policy.tables import ACCOUNT, allow, deny

STATEMENTS = "arn:aws:s3:::acme-ledger-statements/2026/a.pdf"
REINDEX = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/reindex:8"
DB = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:catalog/db-ucfXru"
STRIPE = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:payments/stripe-YDKKvO"
EDGE = f"arn:aws:iam::{ACCOUNT}:policy/edge"


def simulated(file: str, principal: str, action: str, resource: str = "*", *more: str) -> str:
    return ask("simulate", "-p", principal, "-a", action, "-r", resource, *more, "--snapshot", file)


def test_a_blocking_boundary_says_what_it_has(file: str) -> None:
    shown = simulated(file, "ledger-task", "s3:PutObject", STATEMENTS)
    lines = shown.splitlines()
    assert lines[0].startswith("ledger-task   s3:PutObject   arn:")
    assert flat(shown).startswith(f"ledger-task s3:PutObject {STATEMENTS} DENIED by a permissions boundary ")
    assert "  organization   allowed   FullAWSAccess, RCPFullAWSAccess" in lines
    assert "  boundary       denied    no statement allows s3:PutObject" in lines
    assert "team-boundary has s3:ListBucket, s3:Get* only" in flat(shown)
    assert "  identity       allowed   § app ¶ Statements (lines 10–15)" in lines
    assert "says nothing" not in shown


def test_the_near_miss(file: str) -> None:
    shown = flat(simulated(file, "ledger-task", "s3:GetObject", STATEMENTS, "-c", "aws:ResourceTag/team=x"))
    assert (
        "near miss: § team-boundary ¶ TaggedTeamsReadTheirObjects (lines 19–29) would allow it if"
        " aws:PrincipalTag/team = ${aws:ResourceTag/team} (aws:PrincipalTag/team is finance)" in shown
    )
    assert shown.count("near miss:") == 1


@pytest.mark.parametrize(
    ("principal", "action", "resource", "says"),
    [
        ("checkout-task", "s3:GetObject", STATEMENTS, "ALLOWED by an identity-based policy"),
        ("root", "s3:GetObject", STATEMENTS, "ALLOWED the account's root user has full access"),
        ("checkout-task", "secretsmanager:GetSecretValue", DB, "DENIED no identity-based policy allows it"),
        ("settlement-task", "secretsmanager:GetSecretValue", STRIPE, "DENIED by a Deny in the secret policy"),
        (
            "PlatformAdmin",
            "cloudtrail:StopLogging",
            f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/x",
            "DENIED by a Deny in a service control policy organization denied SCP § protect-audit-trail",
        ),
        (
            "PlatformAdmin",
            "sts:AssumeRole",
            f"arn:aws:iam::{ACCOUNT}:role/checkout-task",
            "DENIED the trust policy does not allow it",
        ),
        ("anonymous", "s3:GetObject", "arn:aws:s3:::acme-config/a", "an anonymous principal has no identity"),
        (
            "PlatformAdmin",
            "ec2:DescribeInstances",
            "*",
            "DEPENDS on aws:RequestedRegion organization depends",
        ),
        (
            "AWSServiceRoleForECS",
            "ecs:ListClusters",
            "*",
            "organization – service-linked roles stand outside SCPs and RCPs",
        ),
    ],
)
def test_the_header_says_by_what(file: str, principal: str, action: str, resource: str, says: str) -> None:
    assert says in flat(simulated(file, principal, action, resource))


@pytest.mark.parametrize(
    ("action", "resource", "shown"),
    [
        ("ecs:ListClusters", "*", "FullAWSAccess"),
        ("s3:GetObject", STATEMENTS, "FullAWSAccess, RCPFullAWSAccess"),
    ],
)
def test_rcps_are_left_out_where_they_do_not_apply(file: str, action: str, resource: str, shown: str) -> None:
    lines = simulated(
        file, "PlatformAdmin", action, resource, "-c", "aws:RequestedRegion=eu-west-1"
    ).splitlines()
    (line,) = [line for line in lines if line.startswith("  organization")]
    assert line == f"  organization   allowed   {shown}"


def test_conditions_that_hold_are_shown(file: str) -> None:
    shown = flat(
        simulated(
            file,
            "checkout-task",
            "s3:GetObject",
            "arn:aws:s3:::acme-config/a",
            "-c",
            "aws:SecureTransport=false",
        )
    )
    assert (
        "resource denied § bucket policy ¶ TlsOnly (lines 4–11) condition aws:SecureTransport = false ✓"
        in shown
    )


@pytest.mark.parametrize("resource", [REINDEX, "*"])
def test_dependent_actions_are_answered(file: str, resource: str) -> None:
    question = ("-p", "scheduler-reindex", "-a", "ecs:RunTask", "-r", resource, "--snapshot", file)
    shown = flat(ask("simulate", *question))
    (cell,) = data("simulate", *question)
    assert cell["needs"]["dependent_actions"] == ["iam:PassRole"]
    roles = {found["resource"].rpartition("/")[2]: found["result"] for found in cell["needs"]["dependents"]}
    if resource == "*":
        assert roles == {"*": "Allowed"}
        assert "it also needs iam:PassRole on some resource ALLOWED" in shown
    else:
        assert roles == {"reindex-task": "Allowed", "ecs-exec": "ImplicitlyDenied"}
        assert "iam:PassRole on arn:aws:iam::123456789012:role/ecs-exec DENIED no identity-based" in shown


def test_dependent_actions_share_the_suppositions(file: str, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.json"
    nothing.write_text(
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecs:*","Resource":"*"}}'
    )
    question = ("-p", "PlatformAdmin", "-a", "ecs:RunTask", "--boundary", str(nothing), "--snapshot", file)
    (cell,) = data("simulate", *question)
    (passing,) = cell["needs"]["dependents"]
    assert (passing["action"], passing["blocked_by"]) == ("iam:PassRole", ["boundary"])


def test_further_resources_are_named(file: str) -> None:
    (cell,) = data("simulate", "-p", "PlatformAdmin", "-a", "s3:GetObject", "--snapshot", file)
    assert cell["needs"]["missing_types"] == []
    assert cell["needs"]["one_of"]


def test_rows_of_a_table_give_a_reason(file: str) -> None:
    many = ("-p", "ecs-exec", "-p", "checkout-task", "-a", "secretsmanager:GetSecretValue", "-r", DB)
    shown = ask("simulate", *many, "-r", STRIPE, "--snapshot", file)
    assert flat(shown).startswith(f"secretsmanager:GetSecretValue on {DB} ecs-exec")
    assert shown.count(" on arn:") == 2  # a title each
    rows = shown.splitlines()
    assert "  ecs-exec       ALLOWED  § secrets ¶ 1" in rows
    assert "  checkout-task  DENIED   no identity-based policy allows it" in rows
    assert "  ecs-exec       DENIED   § secret policy ¶ PaymentsOnly denies it" in rows


def gone(tmp_path: Path, *statements: dict[str, Any]) -> str:
    path = tmp_path / "gone.json"
    save(snapshot(roles=(role("lost", *statements, attached_managed_policies=attached(EDGE + "x")),)), path)
    return str(path)


@pytest.mark.parametrize("command", ["simulate", "why-not"])
def test_what_was_not_read_is_said(tmp_path: Path, command: str) -> None:
    path = gone(tmp_path)
    question = ("-p", "lost", "-a", "secretsmanager:GetSecretValue", "-r", SECRET, "--snapshot", path)
    shown = flat(ask(command, *question))
    assert "depends on ." not in shown
    assert "DEPENDS on what was not read" in shown
    assert f"identity depends on policies that were not read: {EDGE}x" in shown
    if command == "why-not":
        assert (
            f"whether anything must change is not known: it depends on policies that were not read: {EDGE}x"
            in shown
        )
    else:
        (cell,) = data(command, *question)
        assert cell["explanation"]["sentence"].endswith(f"depends on policies that were not read: {EDGE}x.")


def test_a_deny_that_was_read_is_no_question(tmp_path: Path) -> None:
    path = gone(tmp_path, deny("secretsmanager:*"))
    question = ("-p", "lost", "-a", "secretsmanager:GetSecretValue", "-r", SECRET, "--snapshot", path)
    assert "DENIED by a Deny in an identity-based policy" in flat(ask("simulate", *question))


def test_unread_key_policies(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    save(snapshot(roles=(role("app", allow("kms:*")),)), path)
    shown = flat(ask("simulate", "-p", "app", "-a", "kms:Decrypt", "-r", KEY, "--snapshot", str(path)))
    assert "DEPENDS on what was not read" in shown
    assert f"resource depends on the key policy of {KEY}, which was not read" in shown


@pytest.mark.parametrize("arguments", [("test",), ("simulate", "--batch")])
@pytest.mark.parametrize("missing", [True, False])
def test_files_of_tests_that_cannot_be_read(
    tmp_path: Path, arguments: tuple[str, ...], missing: bool
) -> None:
    path = tmp_path / ("none.jsonl" if missing else "")
    said = answer(*arguments, str(path), code=2)
    assert "cannot be read" in said.err
    assert str(path) in flat(said.err)


def test_a_file_without_tests(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("\n")
    assert "no test in it" in answer("test", str(path), code=2).err


QUESTIONS = [
    ("ledger-task", "s3:GetObject", STATEMENTS),
    ("scheduler-reindex", "ecs:RunTask", REINDEX),
    ("settlement-task", "secretsmanager:GetSecretValue", STRIPE),
    ("github-deploy", "ecs:UpdateService", f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/staging/x"),
    ("arn:aws:iam::999988887777:role/partner", "s3:GetObject", "*"),
]


@pytest.mark.parametrize("command", ["simulate", "why-not"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_lines_fit(file: str, command: str, question: tuple[str, str, str]) -> None:
    principal, action, resource = question
    shown = ask(command, "-p", principal, "-a", action, "-r", resource, "--snapshot", file)
    for line in shown.splitlines():
        longest = max(map(len, line.split()), default=0)
        assert len(line) <= layout.DEFAULT_WIDTH or (longest > 40 and "arn:" in line), line
        assert layout.HARD not in line


@pytest.mark.parametrize(
    ("text", "hanging", "lines"),
    [
        ("short", 4, ["short"]),
        ("one two three four", 2, ["one two", "  three", "  four"]),
        ("a   bcd efg   hij", 1, ["a   bcd", " efg   hij"]),
        ("unbreakablelongword", 2, ["unbreakablelongword"]),
        ("ab unbreakablelongword cd", 2, ["ab unbreakablelongword", "  cd"]),
        ("- unbreakablelongword", 2, ["- unbreakablelongword"]),
        ("   ", 2, [""]),
    ],
)
def test_wrapping(text: str, hanging: int, lines: list[str]) -> None:
    assert list(layout.wrapped(text, hanging, 10)) == lines


DENIED_TO_READ = Gap(call="organizations:DescribeOrganization", reason="denied", unknown=("organization",))
ORGANIZATION = "SCPs and RCPs of the organization, which were not read"


@pytest.mark.parametrize(
    ("gaps", "managed", "unread"),
    [
        ((), (), []),
        ((DENIED_TO_READ,), (), [ORGANIZATION]),
        ((), attached(EDGE + "x"), [f"policies that were not read: {EDGE}x"]),
        ((DENIED_TO_READ,), attached(EDGE + "x"), [f"policies that were not read: {EDGE}x", ORGANIZATION]),
    ],
)
def test_a_deny_may_stand_in_what_was_not_read(
    tmp_path: Path, gaps: tuple[Gap, ...], managed: tuple[Any, ...], unread: list[str]
) -> None:
    path = tmp_path / "limits.json"
    asked = role("asked", allow("s3:GetObject"), attached_managed_policies=managed)
    save(snapshot(roles=(asked,), gaps=gaps), path)
    on = ("--snapshot", str(path))
    question = ("-p", "asked", "-a", "s3:GetObject", "-r", "arn:aws:s3:::x/y", *on)
    (cell,) = data("simulate", *question)
    assert (cell["result"], cell["unread"]) == ("Allowed", unread)
    assert data("access", "asked", *on)["unread"] == unread
    for command in ("simulate", "why-not"):
        shown = flat(ask(command, *question))
        assert [
            line for line in unread if f"INCOMPLETE without {line}: a Deny in them would count" in shown
        ] == unread
        assert shown.count("INCOMPLETE") == len(unread)
    listed = flat(ask("who-can", "s3:GetObject", "arn:aws:s3:::x/y", *on))
    assert (ORGANIZATION in listed) == (ORGANIZATION in unread)
    if not managed:  # denied in any case
        assert "INCOMPLETE" not in ask("simulate", "-p", "asked", "-a", "s3:PutObject", *on)
