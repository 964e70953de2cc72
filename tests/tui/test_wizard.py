"""The wizards: each by keyboard from the first question to the staged changes."""

import json

import pytest
from textual.pilot import Pilot

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.screens.wizard import WizardScreen
from ecsiam_tui.tui.wizard_steps import narrowed, next_step, outcome
from ecsiam_tui.workspace import Workspace
from tests.tui.conftest import press, settled, until
from tests.tui.helpers import text_of

ACCOUNT = "123456789012"
ECS = f"arn:aws:ecs:eu-west-1:{ACCOUNT}"
IAM = f"arn:aws:iam::{ACCOUNT}:role"
CATALOG = f"{ECS}:service/prod/catalog"
SEARCH = f"{ECS}:service/prod/search"


@pytest.fixture(scope="module")
def facts(demo: Snapshot) -> Facts:
    return Workspace(demo).facts


# The steps, as data


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({}, "task"),
        ({"task": "role"}, "kind"),
        ({"task": "role", "kind": "task"}, "users"),
        ({"task": "role", "kind": "task", "users": ""}, "name"),
        ({"task": "role", "kind": "task", "users": "", "name": "x"}, "trust"),
        ({"task": "role", "kind": "task", "users": "", "name": "x", "trust": "narrow"}, "source"),
        (
            {"task": "role", "kind": "task", "users": "", "name": "x", "trust": "narrow", "source": "none"},
            None,
        ),
        (
            {
                "task": "role",
                "kind": "task",
                "users": CATALOG,
                "name": "x",
                "trust": "narrow",
                "source": "none",
            },
            "give",
        ),
        (
            {
                "task": "role",
                "kind": "task",
                "users": "",
                "name": "x",
                "trust": "narrow",
                "source": "actions",
                "actions": "ecs:ListClusters",
            },
            None,
        ),
        (
            {
                "task": "role",
                "kind": "task",
                "users": "",
                "name": "x",
                "trust": "narrow",
                "source": "template",
                "template": "deploy-tagged",
                "blank key": "team",
            },
            "blank value",
        ),
        ({"task": "many"}, "services"),
        ({"task": "many", "services": CATALOG}, "role"),
        ({"task": "many", "services": CATALOG, "role": ""}, None),
        ({"task": "many", "services": CATALOG, "role": f"{IAM}/search-exec"}, "complete"),
        ({"task": "assign", "services": CATALOG}, "kind"),
        ({"task": "assign", "services": CATALOG, "kind": "task"}, "role"),
    ],
)
def test_what_is_asked_next(answers: dict[str, str], asked: str | None, facts: Facts) -> None:
    step = next_step({name: (value,) for name, value in answers.items()}, facts)
    assert (step.name if step is not None else None) == asked


@pytest.mark.parametrize(
    ("kind", "user", "offered"),
    [
        ("task-execution", CATALOG, ["needs", "policy", "actions", "template", "none"]),
        ("task-execution", "", ["policy", "actions", "template", "none"]),
        (
            "events",
            f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/nightly-settlement",
            ["needs", "actions", "template", "none"],
        ),
        (
            "infrastructure",
            f"{ECS}:capacity-provider/platform-managed",
            ["policy", "actions", "template", "none"],
        ),
    ],
)
def test_where_permissions_can_come_from(kind: str, user: str, offered: list[str], facts: Facts) -> None:
    """Never exactly what is asked for of an infrastructure role: not all of that is known."""
    answers = {"task": "role", "kind": kind, "users": user, "name": "new-one", "trust": "narrow"}
    step = next_step({name: (value,) for name, value in answers.items()}, facts)
    assert step is not None
    assert [value for value, _ in step.choices] == offered


def test_actions_are_found_by_parts_of_their_names(facts: Facts) -> None:
    answers = {
        name: (value,)
        for name, value in {
            "task": "role",
            "kind": "task",
            "users": "",
            "name": "x",
            "trust": "narrow",
            "source": "actions",
        }.items()
    }
    step = next_step(answers, facts)
    assert step is not None
    assert narrowed(step, "") == ()
    assert "s3:GetObject" in dict(narrowed(step, "s3 getobj"))
    assert narrowed(step, "s3:getobject")[0][0].startswith("s3:")
    assert narrowed(step, "nosuchthing") == ()


def test_a_resource_can_be_typed(facts: Facts) -> None:
    answers = {
        "task": "role",
        "kind": "task",
        "users": "",
        "name": "x",
        "trust": "narrow",
        "source": "actions",
    }
    answers["actions"] = "s3:GetObject"
    given = {name: (value,) for name, value in answers.items()}
    step = next_step(given, facts)
    assert step is not None
    typed = "arn:aws:s3:::typed/*"
    assert narrowed(step, typed)[0][0] == typed
    policy = outcome(given | {"resources": (typed,)}, facts).changes[1]
    assert isinstance(policy, c.PutRolePolicy)
    assert json.loads(policy.document)["Statement"][0]["Resource"] == typed


# By keyboard


def wizard(app: EcsIamApp) -> WizardScreen:
    assert isinstance(app.screen, WizardScreen)
    return app.screen


def asked(app: EcsIamApp) -> str:
    """The name of the question; empty where all is answered."""
    step = wizard(app).step
    return step.name if step is not None else ""


async def answer(app: EcsIamApp, pilot: Pilot[None], *keys: str) -> None:
    """Press some keys, then Enter, and wait for the next question."""
    count = len(wizard(app).answered)
    await press(pilot, *keys, "enter")
    await until(pilot, lambda: len(wizard(app).answered) > count and not wizard(app)._busy)


async def stage(app: EcsIamApp, pilot: Pilot[None]) -> tuple[c.AnyChange, ...]:
    """Wait for the effect, stage, and give what is staged."""
    await until(pilot, lambda: wizard(app).tried is not None)
    await press(pilot, "enter")
    await until(pilot, lambda: app.screen is app.explorer and not app.staged.working)
    assert app.staged.plan is not None
    return app.staged.plan.changes


async def test_a_role_for_a_service_step_by_step(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "W")
        await answer(app, pilot)  # a new role
        await answer(app, pilot, *"execution")
        await answer(app, pilot, *"catalog", "tab")
        assert wizard(app).answers["users"] == (CATALOG,)
        screen = wizard(app)
        assert asked(app) == "name"
        await press(pilot, "ctrl+u", *"a role")
        assert "1 to 64" in text_of(app)
        await press(pilot, "enter")
        assert asked(app) == "name"
        await answer(app, pilot, "ctrl+u", *"catalog-own")
        await answer(app, pilot)  # narrow
        assert "exactly what is asked for" in text_of(app)
        await answer(app, pilot)
        await answer(app, pilot)  # give it
        assert asked(app) == ""
        await until(pilot, lambda: screen.tried is not None)
        assert "catalog-own" in text_of(app)
        assert "aws:SourceAccount" in screen.text
        changes = await stage(app, pilot)
        assert [type(one) for one in changes][:1] == [c.CreateRole]
        assert {type(one) for one in changes} >= {c.PutRolePolicy, c.RegisterTaskDefinition, c.UpdateService}


async def test_those_without_an_execution_role_are_marked(app: EcsIamApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "W")
        await answer(app, pilot, "down")
        assert "1 marked" in text_of(app)
        await answer(app, pilot, *"search", "tab")
        assert len(wizard(app).answers["services"]) == 2
        await answer(app, pilot)  # one of its own for each
        changes = await stage(app, pilot)
        created = [one.role.rpartition("/")[2] for one in changes if isinstance(one, c.CreateRole)]
        assert len(created) == 2
        assert any(name.startswith("crawler") for name in created)


async def test_one_step_back_and_another_answer(app: EcsIamApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "W")
        await answer(app, pilot, *"assign")
        await answer(app, pilot, *"catalog")
        await answer(app, pilot, "down")
        assert wizard(app).answers["kind"] == ("task-execution",)
        await press(pilot, *"zz")
        assert "nothing fits" in text_of(app)
        await press(pilot, "escape")  # out of what was typed
        assert len(wizard(app).answered) == 3
        await press(pilot, "escape")
        assert wizard(app)._at == "task-execution"  # as it was answered
        await answer(app, pilot)
        await answer(app, pilot, *"search-exec")
        assert "secretsmanager:GetSecretValue" in text_of(app)
        await answer(app, pilot)
        changes = await stage(app, pilot)
        assert any(isinstance(one, c.PutRolePolicy) and one.role == f"{IAM}/search-exec" for one in changes)
        updated = [one.service for one in changes if isinstance(one, c.UpdateService)]
        assert updated == [CATALOG]
        await press(pilot, "W")
        await press(pilot, "escape")
        assert app.screen is app.explorer


async def test_an_answer_that_does_not_do_is_asked_again(app: EcsIamApp) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await press(pilot, "W")
        for keys in ((), (), (), ("ctrl+u", *"new-one"), (), tuple("template"), (), ("ctrl+u", *"a!b")):
            await answer(app, pilot, *keys)
        assert asked(app) == "blank value"
        await press(pilot, *"orders", "enter")
        await until(pilot, lambda: not wizard(app)._busy)
        assert asked(app) == "blank value"
        assert "cannot be the key of a tag" in text_of(app)
        await press(pilot, "escape")
        assert asked(app) == "blank key"
        await answer(app, pilot, "ctrl+u", *"team")
        await answer(app, pilot)
        assert asked(app) == ""
        assert "aws:ResourceTag/team" in json.dumps([str(one) for one in await stage(app, pilot)])
