"""kill -9 at every call boundary of a fix of every recipe: each can be gone on with, and taken back."""

from collections.abc import Iterator
from itertools import product

import pytest

from ecsiam_tui.changes.applying_plan import header
from ecsiam_tui.changes.plan import make
from ecsiam_tui.fixes.fix import Fix, table
from tests.faults import proxy as faults
from tests.faults.conftest import Counted, DemoWorld, check
from tests.faults.recipe_fixes import of_every_recipe

NOT_IN_THE_DEMO = {
    "add-resource-account-condition",
    "create-service-linked-role",
    "export-patch",  # changes nothing
    "fix-reference",
    "harden-instance-metadata",  # changes nothing
    "harden-volume",
    "move-secret-to-secrets-manager",  # changes nothing
    "restore-secret",
    "reuse-task-role",
}
"""Recipes that find nothing to mend in the demo account."""


@pytest.fixture(scope="module")
def fixes(demo_world: DemoWorld) -> dict[str, Fix]:
    demo_world.begin_with(lambda snapshot: make(snapshot, ()))
    return of_every_recipe(demo_world.whole())


def test_every_recipe_is_there(fixes: dict[str, Fix]) -> None:
    assert set(fixes) == set(table()) - NOT_IN_THE_DEMO


WAYS = tuple(product(("before", "under way"), ("resume", "roll_back")))


def kill_points(calls: int, every: bool, first: int) -> Iterator[tuple[int, str, str]]:
    """Which call, when, and what is done then. All of them with `--every-kill-point` (`make faults`); else
    every call is killed at once, in one way after the other, from the `first` on."""
    for number in range(calls):
        for killed, action in WAYS if every else (WAYS[(number + first) % len(WAYS)],):
            yield number, killed, action


NAMES = sorted(set(table()) - NOT_IN_THE_DEMO)


@pytest.mark.parametrize("name", NAMES)
def test_killed_at_every_call(
    demo_world: DemoWorld, fixes: dict[str, Fix], name: str, counted: Counted, request: pytest.FixtureRequest
) -> None:
    """Before each call, and while it is under way; then resumed or rolled back."""
    world, fix = demo_world, fixes[name]
    calls = len(header(make(world.before, fix.changes), world.before).steps)
    every = request.config.getoption("--every-kill-point")
    for number, killed, action in kill_points(calls, every, NAMES.index(name)):
        world.begin_with(lambda snapshot: make(snapshot, fix.changes, fix.title))
        if killed == "before":
            told = world.do("start", kill=("send", number))
        else:
            world.proxy.fault = lambda at, _, number=number: faults.KILLED if at == number else None
            told = world.do("start")
        assert told["killed"], (number, killed, told)
        world.proxy.quiet()
        check(world, action, counted, "kill points")
