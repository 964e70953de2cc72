"""What if: editing documents and picking policies and roles, with the effect beside them."""

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.graph.outline import SEPARATOR, TRUST
from ecsiam_tui.policy.aws_managed import aws_managed_arns
from ecsiam_tui.tui import exporting
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.screens.dialogs import Choose
from ecsiam_tui.tui.screens.edit import EditScreen
from ecsiam_tui.tui.screens.pick import PickScreen, narrowed
from ecsiam_tui.tui.what_if import Pick, Subject, ways, why_not
from ecsiam_tui.workspace import Workspace
from tests.tui.conftest import press, settled, until
from tests.tui.helpers import HOSTILE, text_of, tiny_account
from tests.tui.sources import NOW, FixedSource

IAM = "arn:aws:iam::123456789012"
TASK_ROLE = f"{IAM}:role/checkout-task"
CHECKOUT = "arn:aws:ecs:eu-west-1:123456789012:service/prod/checkout"


def edit_screen(app: EcsIamApp) -> EditScreen:
    assert isinstance(app.screen, EditScreen)
    return app.screen


def pick_screen(app: EcsIamApp) -> PickScreen:
    assert isinstance(app.screen, PickScreen)
    return app.screen


def shows(app: EcsIamApp, kind: type) -> bool:
    return isinstance(app.screen, kind)


async def what_if(app: EcsIamApp, pilot: object, node: str, way: str = "") -> None:
    """Go to a node, press w, and choose a way by a part of its label."""
    app.explorer.jump(node)
    await press(pilot, "w")  # type: ignore[arg-type]
    if way:
        assert isinstance(app.screen, Choose)
        app.screen.query_one(Input).value = way
        await press(pilot)  # type: ignore[arg-type]
        await press(pilot, "enter")  # type: ignore[arg-type]


# What can be changed, as data


@pytest.fixture(scope="module")
def workspace(demo: Snapshot) -> Workspace:
    return Workspace(demo).prepare()


def labels(workspace: Workspace, node_id: str) -> list[str]:
    node = workspace.estate.node(node_id)
    return [way.label for way in ways(workspace.outline.entry(node), workspace)]


def start(workspace: Workspace, node_id: str, label: str) -> object:
    node = workspace.estate.node(node_id)
    return next(way for way in ways(workspace.outline.entry(node), workspace) if label in way.label).start()


def test_the_ways_of_each_kind(workspace: Workspace) -> None:
    assert labels(workspace, TASK_ROLE) == [
        "inline policy app",
        "new inline policy",
        "trust policy",
        "attach a managed policy",
        "detach a managed policy",
        "swap a managed policy for another",
        "permissions boundary",
        "delete an inline policy",
    ]
    assert labels(workspace, CHECKOUT)[:2] == ["task role", "execution role"]
    assert labels(workspace, CHECKOUT)[2].startswith("ECS Exec: turn ")
    assert labels(workspace, f"{TASK_ROLE}#app") == ["app"]


@pytest.mark.parametrize(
    ("node_id", "reason"),
    [
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "is AWS's own"),
        ("arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "choose a role"),
    ],
)
def test_what_cannot_be_changed_says_why(workspace: Workspace, node_id: str, reason: str) -> None:
    assert labels(workspace, node_id) == []
    assert reason in why_not(workspace.outline.entry(workspace.estate.node(node_id)), workspace)


def test_a_role_of_a_service_is_a_new_revision_and_a_roll_out(workspace: Workspace) -> None:
    pick = start(workspace, CHECKOUT, "task role")
    assert isinstance(pick, Pick)
    assert pick.current == TASK_ROLE
    register, roll_out = pick.changes(f"{IAM}:role/other")
    assert isinstance(register, c.RegisterTaskDefinition)
    assert register.edits == (c.Edit(path=("taskRoleArn",), value=f"{IAM}:role/other"),)
    assert roll_out == c.UpdateService(service=CHECKOUT, task_definition=register.task_definition)
    none = pick.changes("")[0]
    assert isinstance(none, c.RegisterTaskDefinition)
    assert none.edits[0].remove


def test_every_policy_of_aws_can_be_found_by_a_few_letters(workspace: Workspace) -> None:
    pick = start(workspace, TASK_ROLE, "attach")
    assert isinstance(pick, Pick)
    values = [value for value, _ in pick.choices]
    assert len(values) > 1200
    assert "arn:aws:iam::aws:policy/ReadOnlyAccess" not in values
    assert narrowed(pick, "s3readonly")[0][0] == "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    arn = "arn:aws:iam::aws:policy/MadeYesterday"
    assert narrowed(pick, arn)[0] == (arn, f"{arn}  as typed")
    assert len(narrowed(pick, "")) <= 200
    assert aws_managed_arns("aws-cn")[0].startswith("arn:aws-cn:iam::aws:policy/")


# Editing


async def test_an_edit_says_what_it_breaks_while_it_is_typed_and_is_staged(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await what_if(app, pilot, f"{TASK_ROLE}#app")
        screen = edit_screen(app)
        assert not screen.is_edited
        assert screen.check_action("stage", ()) is False
        document = json.loads(screen.area.text)
        document["Statement"] = document["Statement"][:1]
        screen.area.text = json.dumps(document, indent=2)
        await until(pilot, lambda: screen.tried is not None)
        assert screen.tried is not None
        assert screen.tried.effect is not None
        assert screen.tried.effect.access[0].principal == TASK_ROLE
        assert "loses" in screen.text
        assert "edited" in text_of(app)
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: not app.staged.working and app.staged.size == 1)
        assert app.screen is app.explorer
        assert app.staged.plan is not None
        change = app.staged.plan.changes[0]
        assert isinstance(change, c.PutRolePolicy)
        assert json.loads(change.document) == document


async def test_problems_are_named_with_their_lines_and_refused(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await what_if(app, pilot, f"{TASK_ROLE}#app")
        screen = edit_screen(app)
        lines = screen.area.text.split("\n")
        at = next(number for number, line in enumerate(lines) if '"Effect"' in line)
        lines[at] = '"Effect": "allow",'
        screen.area.text = "\n".join(lines)
        await until(pilot, lambda: screen.checked.refused is not None)
        assert screen.checked.refused is not None
        assert screen.checked.refused.line == at + 1
        await press(pilot, "ctrl+g")
        assert screen.area.cursor_location[0] == at
        assert f"line {at + 1}" in text_of(app)
        await press(pilot, "ctrl+s")
        assert shows(app, EditScreen)
        assert app.staged.plan is None
        assert any("Effect" in note.message for note in app._notifications)


async def test_what_was_typed_is_not_lost_without_asking(app: EcsIamApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await what_if(app, pilot, f"{TASK_ROLE}#app")
        await press(pilot, "x", "escape")
        assert shows(app, Choose)
        await press(pilot, "escape")
        assert edit_screen(app).is_edited
        await press(pilot, "ctrl+r")
        assert not edit_screen(app).is_edited
        await press(pilot, "escape")
        assert app.screen is app.explorer
        await what_if(app, pilot, f"{TASK_ROLE}#app")
        await press(pilot, "x", "escape", "up", "enter")
        assert app.screen is app.explorer


async def test_a_statement_opens_where_it_stands(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app.explorer.jump(f"{TASK_ROLE}#app")
        await press(pilot, "right", "right", "down")
        item = app.explorer.tree_view.item
        assert item is not None
        assert item.statement is not None
        await press(pilot, "w")
        screen = edit_screen(app)
        assert screen.area.cursor_location[0] + 1 == item.statement.lines[0]


async def test_the_trust_policy_of_a_role(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        outline = app.explorer.outline
        assert outline is not None
        path = outline.path_to(TASK_ROLE)
        app.explorer.tree_view.go_to((*path, f"{path[-1]}{SEPARATOR}{TRUST}"))
        await press(pilot, "w")
        screen = edit_screen(app)
        screen.area.text = screen.area.text.replace("ecs-tasks.amazonaws.com", "ec2.amazonaws.com")
        await until(pilot, lambda: screen.tried is not None)
        assert "breaks" in screen.text
        assert "lets in" in screen.text


async def test_a_second_edit_begins_where_the_first_ended(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        empty = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
        await app.stage([c.PutRolePolicy(role=TASK_ROLE, name="app", document=empty)])
        await until(pilot, lambda: not app.staged.working)
        await what_if(app, pilot, f"{TASK_ROLE}#app")
        assert json.loads(edit_screen(app).area.text) == json.loads(empty)


async def test_the_editor_of_the_person(
    app: EcsIamApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nstat -c %a "$1" > "$0.mode"\necho changed > "$1"\n')
    script.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(script))
    assert exporting.edit_in_editor("a/b", "text") == "changed\n"
    assert (tmp_path / "editor.mode").read_text() == "600\n"


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_hostile_documents_are_edited_as_escapes(size: tuple[int, int]) -> None:
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Sid": HOSTILE, "Effect": "Allow", "Action": "*", "Resource": "*"}],
        },
        ensure_ascii=False,
    )
    app = EcsIamApp(FixedSource(tiny_account(document=document)), clock=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await what_if(app, pilot, f"{IAM}:role/app#own")
        text = edit_screen(app).area.text
        assert json.loads(text) == json.loads(document)
        assert "\x1b" not in text
        assert "\u202e" not in text_of(app)


# Picking


async def test_a_policy_is_picked_by_its_effect_and_staged(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await what_if(app, pilot, TASK_ROLE, "detach")
        screen = pick_screen(app)
        await until(pilot, lambda: screen.tried is not None)
        assert "loses" in screen.text
        await press(pilot, "enter")
        await until(pilot, lambda: app.staged.size == 1)
        assert app.staged.plan is not None
        change = app.staged.plan.changes[0]
        assert isinstance(change, c.DetachRolePolicy)
        assert app.screen is app.explorer


async def test_what_is_now_is_not_staged_and_typed_text_goes_first(app: EcsIamApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await what_if(app, pilot, CHECKOUT, "task role")
        screen = pick_screen(app)
        assert screen.marked == TASK_ROLE
        assert screen.check_action("stage", ()) is False
        await press(pilot, *"web")
        assert screen.marked != TASK_ROLE
        await press(pilot, "escape")
        assert screen.marked == TASK_ROLE
        await press(pilot, "escape")
        assert app.screen is app.explorer


async def test_a_new_inline_policy_is_named_first(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await what_if(app, pilot, TASK_ROLE, "new inline")
        await press(pilot, "enter")
        screen = edit_screen(app)
        assert "policy-1" in screen.subject.title
        assert isinstance(screen.subject, Subject)
        await until(pilot, lambda: screen.checked.refused is not None)
