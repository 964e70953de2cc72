"""Whatever happens in the middle of an apply: it can be gone on with, or taken back, and nothing is lost."""

import threading
from typing import Any

import pytest

from tests.faults import proxy as faults
from tests.faults.conftest import Counted, World, check
from tests.faults.small import IAM

CALLS = {"giving": 10, "taking": 7}
"""How many calls the plans take."""


def kill_points(kind: str) -> list[tuple[str, int]]:
    """Between writing a call down and making it, and while it is under way, for each; before anything, before
    a result is written down, before the end is, and before that all was found as wanted."""
    calls = range(CALLS[kind])
    points = [(what, number) for number in calls for what in ("send", "flight")]
    return [("intent", 0), *points, ("done", 0), ("end", 0), ("verified", 0)]


@pytest.mark.parametrize("action", ["resume", "roll_back"])
@pytest.mark.parametrize("kind", list(CALLS))
def test_killed_at_every_call(world: World, kind: str, action: str, counted: Counted) -> None:
    for what, number in kill_points(kind):
        world.begin(kind)
        if what == "flight":
            world.proxy.fault = lambda at, _, number=number: faults.KILLED if at == number else None
            told = world.do("start")
        else:
            told = world.do("start", kill=(what, number))
        assert told["killed"], (what, number, told)
        world.proxy.quiet()
        if what == "verified":  # all was done, and it was said that it is: there is nothing to go on with
            assert world.not_as_planned() == {}
            check(world, "undo", counted, "kill points")
            continue
        check(world, action, counted, "kill points")


@pytest.mark.parametrize("action", ["resume", "roll_back"])
@pytest.mark.parametrize(("what", "number"), [("intent", 0), ("send", 2), ("flight", 5), ("end", 0)])
def test_killed_while_rolling_back(
    world: World, what: str, number: int, action: str, counted: Counted
) -> None:
    world.begin("giving")
    assert world.do("start", kill=("send", 9))["killed"]
    world.proxy.quiet()
    if what == "flight":
        world.proxy.fault = lambda at, _: faults.KILLED if at == number else None
        assert world.do("roll_back")["killed"]
        world.proxy.quiet()
    else:
        assert world.do("roll_back", kill=(what, number))["killed"]
    outcome = world.do(action)
    assert (outcome["state"], outcome["unlike"]) == ("done", []), outcome
    assert world.not_as_before() == {}
    counted("kill points", 1)


PASSING = [
    faults.THROTTLED,
    faults.DROPPED,
    faults.APPLIED_DROPPED,
    faults.FAILED_500,
    faults.APPLIED_500,
]


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("kind", list(CALLS))
def test_every_call_goes_wrong_once(world: World, kind: str, fault: str, counted: Counted) -> None:
    """The plan is done all the same, and nothing is done twice that must not be."""
    world.begin(kind)
    seen: set[str] = set()

    def once(number: int, operation: str) -> str | None:
        first = operation not in seen
        seen.add(operation)
        return fault if first else None

    world.proxy.fault = once
    outcome = world.do("start")
    assert (outcome["state"], outcome["unlike"]) == ("done", []), outcome
    assert world.not_as_planned() == {}
    assert len(seen) > 5
    if fault in (faults.APPLIED_DROPPED, faults.APPLIED_500):
        for operation in ("RegisterTaskDefinition", "CreatePolicyVersion", "UpdateService"):
            assert world.proxy.writes.count(operation) <= 1
    counted("faults", len(seen))


@pytest.mark.parametrize("operation", ["CreateRole", "CreatePolicyVersion", "RegisterTaskDefinition"])
def test_no_answer_in_time(world: World, operation: str, counted: Counted) -> None:
    world.begin("giving")
    silent = iter([faults.APPLIED_SILENT])
    world.proxy.fault = lambda _, name: next(silent, None) if name == operation else None
    assert world.do("start")["state"] == "done"
    assert world.not_as_planned() == {}
    assert world.proxy.writes.count(operation) == (2 if operation == "CreateRole" else 1)
    counted("faults", 1)


@pytest.mark.parametrize("action", ["resume", "roll_back"])
@pytest.mark.parametrize("fault", [faults.EXPIRED, faults.THROTTLED, faults.APPLIED_DROPPED])
@pytest.mark.parametrize("at", [0, 4, 7])
def test_what_does_not_pass_stops_and_can_be_gone_on_with(
    world: World, at: int, fault: str, action: str, counted: Counted
) -> None:
    """The token expires, everything is throttled, nothing is answered any more, from some call on."""
    world.begin("giving")
    world.proxy.fault = lambda number, _: fault if number >= at else None
    outcome = world.do("start", patience=0.0)
    assert (outcome["state"], outcome["calls"]) == ("stopped", at) or fault == faults.APPLIED_DROPPED
    assert fault != faults.EXPIRED or "sign in again" in outcome["message"]
    world.proxy.quiet()
    if outcome["state"] == "stopped":
        check(world, action, counted, "faults")
    else:  # nothing was answered, and all of it could be looked up
        assert world.not_as_planned() == {}
        check(world, "undo", counted, "faults")


@pytest.mark.parametrize("target", ["role", "policy", "service"])
def test_somebody_else_was_quicker(world: World, target: str, counted: Counted) -> None:
    world.begin("giving")
    iam, ecs = world.client("iam"), world.client("ecs")
    if target == "role":
        iam.tag_role(RoleName="app", Tags=[{"Key": "team", "Value": "somebody"}])
    elif target == "policy":
        iam.set_default_policy_version(PolicyArn=f"{IAM}:policy/shared", VersionId="v2")
    else:
        ecs.update_service(cluster="prod", service="web", taskDefinition=world.older)
    now = world.read()
    outcome = world.do("start")
    assert (outcome["state"], world.proxy.writes) == ("drifted", [])
    expected = {"role": "Tags.team", "policy": "DefaultVersionId", "service": "taskDefinition"}
    assert expected[target] in outcome["drift"]
    assert world.read().roles == now.roles
    counted("faults", 1)


def test_two_at_once(world: World, counted: Counted) -> None:
    """The second is told who is at it, and changes nothing."""
    world.begin("giving")
    waiting, go_on = threading.Event(), threading.Event()

    def hold(number: int, _: str) -> None:
        if number == 3:
            waiting.set()
            assert go_on.wait(20)

    world.proxy.fault = hold
    outcomes: list[dict[str, Any]] = []
    first = threading.Thread(target=lambda: outcomes.append(world.do("start")))
    with world.another() as second:
        first.start()
        assert waiting.wait(20)
        refused = second.do("start")
        go_on.set()
        first.join(30)
    assert refused["state"] == "JournalError"
    assert f"by process {world.pid}" in refused["message"]
    assert outcomes[0]["state"] == "done"
    assert world.not_as_planned() == {}
    counted("faults", 1)


def test_a_folder_that_cannot_be_written(world: World, counted: Counted) -> None:
    world.begin("giving")
    outcome = world.do("start", folder=str(world.folder / "plan.json"))
    assert (outcome["state"], world.proxy.writes) == ("JournalError", [])
    assert "nothing is changed without one" in outcome["message"]
    counted("faults", 1)


@pytest.mark.parametrize(
    ("short", "state"), [(1_000_000, "JournalError"), (1500, "stopped"), (700, "stopped")]
)
def test_a_disk_that_fills_up(world: World, short: int, state: str, counted: Counted) -> None:
    """No further byte can be written (RLIMIT_FSIZE): at the header, or somewhere in the middle. There is no
    room for the last `short` bytes of a whole journal."""
    world.begin("giving")
    assert world.do("start")["state"] == "done"
    (path,) = world.folder.glob("*/*.jsonl")
    world.begin("giving")
    outcome = world.do("start", most_bytes=max(0, path.stat().st_size - short))
    assert outcome["state"] == state
    assert "cannot be written" in outcome["message"]
    if outcome["state"] == "stopped":
        assert len(world.proxy.writes) < CALLS["giving"]
        check(world, "roll_back", counted, "faults")
    else:
        assert world.proxy.writes == []
        assert world.not_as_before() == {}
        counted("faults", 1)


def test_what_botocore_does_not_know_is_not_lost(world: World, counted: Counted) -> None:
    """A member of the task definition that is newer than botocore: registering without it would drop it."""
    world.begin("giving")
    world.proxy.rewrite = lambda operation, answer: (
        answer.replace(b'"family"', b'"newerThanBotocore": {"a": 1}, "family"')
        if operation == "DescribeTaskDefinition"
        else answer
    )
    outcome = world.do("start")
    assert outcome["state"] == "stopped"
    assert "does not know (newerThanBotocore)" in outcome["message"]
    assert "RegisterTaskDefinition" not in world.proxy.writes
    world.proxy.quiet()
    check(world, "roll_back", counted, "faults")
