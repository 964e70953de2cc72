"""Asking who may do what: typing, completing, answers now and after the plan, pinned questions, tests."""

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.policy.batch import run_line
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.questions import Question, as_tests, ask, complete, completed, question_of
from ecsiam_tui.tui.screens.dialogs import Ask
from ecsiam_tui.tui.screens.simulate import SimulateScreen
from ecsiam_tui.tui.widgets.document_view import DocumentView
from ecsiam_tui.workspace import Workspace
from tests.tui.conftest import press, settled, until
from tests.tui.helpers import text_of

IAM = "arn:aws:iam::123456789012"
TASK_ROLE = f"{IAM}:role/checkout-task"
ORDERS = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:checkout-jobs"
SENDS = Question("checkout-task", "sqs:SendMessage", QUEUE)


@pytest.fixture(scope="module")
def workspace(demo: Snapshot) -> Workspace:
    return Workspace(demo).prepare()


def simulate_screen(app: EcsIamApp) -> SimulateScreen:
    assert isinstance(app.screen, SimulateScreen)
    return app.screen


def words(screen: SimulateScreen) -> list[str]:
    """The outcomes that are shown, now and after."""
    if screen.asked is None:
        return []
    after = screen.asked.after
    return [*screen.asked.now.outcomes, *(after.outcomes if after is not None else ())]


async def open_at(app: EcsIamApp, pilot: object, question: Question) -> SimulateScreen:
    await settled(pilot)  # type: ignore[arg-type]
    app.question = question
    app.explorer.jump(TASK_ROLE)
    await press(pilot, "s")  # type: ignore[arg-type]
    screen = simulate_screen(app)
    await until(pilot, lambda: screen.asked is not None)  # type: ignore[arg-type]
    return screen


# As data


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (Question("nobody-here", "s3:GetObject"), "no role or user is called nobody-here"),
        (Question("checkout-task", "GetObject"), "write service:Action"),
        (Question("checkout-task", "s3:Get*"), "is a pattern"),
        (Question("checkout-task", "s3:GetObject", "bucket"), "is no resource"),
        (Question("checkout-task", "s3:GetObject", "*", "pay"), "context is key=value"),
        (Question("checkout-task", " ".join(f"s3:A{n}" for n in range(61))), "at most 60"),
    ],
)
def test_what_cannot_be_asked_says_why(workspace: Workspace, question: Question, error: str) -> None:
    answer = ask(workspace.account, question)
    assert error in answer.error
    assert not answer.decisions


@pytest.mark.parametrize(
    ("question", "outcomes"),
    [
        (SENDS, ("Allowed",)),
        (SENDS._replace(actions="sqs:SendMessage sqs:DeleteQueue"), ("Allowed", "ImplicitlyDenied")),
        (SENDS._replace(principal=TASK_ROLE), ("Allowed",)),
        (Question("anonymous", "s3:GetObject", "arn:aws:s3:::no-such-bucket/x"), ("ExplicitlyDenied",)),
        (Question("root", "s3:ListAllMyBuckets"), ("Depends",)),
    ],
)
def test_what_is_asked_is_decided(
    workspace: Workspace, question: Question, outcomes: tuple[str, ...]
) -> None:
    answer = ask(workspace.account, question)
    assert answer.error == ""
    assert answer.outcomes == outcomes


@pytest.mark.parametrize(
    ("field", "typed", "first"),
    [
        ("principal", "checkout-t", "checkout-task"),
        ("actions", "dynamodb:geti", "dynamodb:GetItem"),
        ("actions", "s3:GetObject getobjectacl", "s3:GetObjectAcl"),
        (
            "resources",
            "arn:aws:ecs:eu-west-1:123456789012:cluster/pr",
            "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
        ),
        ("context", "aws:requestedr", "aws:requestedregion="),
        ("context", "", "ecs:cluster="),
    ],
)
def test_words_are_completed(workspace: Workspace, field: str, typed: str, first: str) -> None:
    question = Question(actions="ecs:UpdateService")
    matches = complete(field, typed, question, workspace, ["ecs:cluster"])
    assert matches[0] == first
    assert completed(field, typed, first).endswith(first)
    assert len(matches) <= 8


def test_a_row_gives_the_question_near_it(workspace: Workspace) -> None:
    outline = workspace.outline
    role = outline.entry(workspace.estate.node(TASK_ROLE))
    assert question_of(role, workspace, Question(actions="x:y")) == Question("checkout-task", "x:y")
    policy = next(item for item in outline.children(role) if item.title == "app")
    statement = outline.children(policy)[0]
    found = question_of(statement, workspace, Question())
    assert found.principal == "checkout-task"
    assert found.actions.split()[0] == "dynamodb:GetItem"
    assert found.resources == ORDERS
    cluster = outline.entry(workspace.estate.node("arn:aws:ecs:eu-west-1:123456789012:cluster/prod"))
    assert question_of(cluster, workspace, SENDS).resources.endswith("cluster/prod")


@pytest.mark.parametrize(
    "question",
    [
        SENDS,
        SENDS._replace(actions="sqs:SendMessage iam:CreateRole", resources=""),
        Question("payments-exec", "kms:Decrypt"),
        Question(
            "checkout-task",
            "ecs:UpdateService",
            "*",
            "ecs:cluster=arn:aws:ecs:eu-west-1:123456789012:cluster/x",
        ),
    ],
)
def test_a_question_is_a_policy_test_that_passes(workspace: Workspace, question: Question) -> None:
    answer = ask(workspace.account, question)
    assert answer.decisions
    for line, outcome in zip(as_tests(answer), answer.outcomes, strict=True):
        assert run_line(line).ok is True
        assert json.loads(line)["expected"] == outcome


# The screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_answer_stands_beside_the_statement_that_decides(
    app: EcsIamApp, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await open_at(app, pilot, SENDS._replace(principal=""))
        assert screen.question == SENDS
        assert words(screen) == ["Allowed"]
        assert "Queue" in screen.text
        assert '"Queue"' in screen.query_one(DocumentView).selected_text
        assert "ALLOWED" in text_of(app)
        screen.query_one("#simulate-actions", Input).value = "sqs:DeleteQueue"
        await until(pilot, lambda: words(screen) == ["ImplicitlyDenied"])
        assert "AWS says" in screen.text


async def test_a_match_is_taken_and_enter_leads_through_the_fields(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app.explorer.jump(TASK_ROLE)
        await press(pilot, "s")
        screen = simulate_screen(app)
        assert screen.question.principal == "checkout-task"
        assert screen.field == "actions"
        await press(pilot, *"dynamodb:geti", "down", "enter")
        assert screen.question.actions == "dynamodb:GetItem"
        await press(pilot, "enter")
        assert screen.field == "resources"
        await until(pilot, lambda: screen.asked is not None)
        await press(pilot, "enter", "escape", "enter")
        assert screen.field == ""
        await press(pilot, "escape")
        assert app.screen is app.explorer
        assert app.question.actions == "dynamodb:GetItem"


async def test_now_and_after_the_plan_and_a_pinned_question_is_asked_again(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_at(app, pilot, SENDS)
        assert screen.check_action("pin", ()) is False
        screen.query_one("#simulate-answer").focus()
        await press(pilot, "p")
        assert [(asked.now.question, asked.after) for asked in app.pinned] == [(SENDS, None)]
        assert screen.check_action("pin", ()) is False
        await app.stage([c.DeleteRolePolicy(role=TASK_ROLE, name="app")])
        await until(pilot, lambda: not app.staged.working)
        await until(pilot, lambda: words(screen) == ["Allowed", "ImplicitlyDenied"])
        await until(pilot, lambda: all(asked.after for asked in app.pinned))
        assert "after the plan" in screen.text
        assert [asked.after.outcomes for asked in app.pinned if asked.after] == [("ImplicitlyDenied",)]
        assert any("another answer" in (note.title or "") for note in app._notifications)
        screen.query_one("#simulate-pins").focus()
        await press(pilot, "d")
        assert app.pinned == ()


async def test_pinned_questions_are_written_as_tests(
    app: EcsIamApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_at(app, pilot, SENDS._replace(actions="sqs:SendMessage sqs:DeleteQueue"))
        assert len(words(screen)) == 2
        screen.query_one("#simulate-answer").focus()
        await press(pilot, "n")
        await until(pilot, lambda: screen.asked is not None and screen.asked.at == 1)
        await press(pilot, "p", "f2")
        assert isinstance(app.screen, Ask)
        await press(pilot, "enter")
        path = tmp_path / "ecsiam-tests.jsonl"
        await until(pilot, path.exists)
        assert path.stat().st_mode & 0o777 == 0o600
        results = [run_line(line) for line in path.read_bytes().splitlines()]
        assert [result.result for result in results] == ["Allowed", "ImplicitlyDenied"]
        assert all(result.ok for result in results)


async def test_what_cannot_be_asked_is_said_in_the_screen(app: EcsIamApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_at(app, pilot, SENDS)
        screen.query_one("#simulate-principal", Input).value = "nobody-[/x]"
        await until(pilot, lambda: "no role or user is called" in screen.text)
        assert "nobody-[/x]" in text_of(app)
