"""The headline of an effect: nothing that changes is left out."""

import pytest

from ecsiam_tui.findings.effect import FindingChanges, PrincipalChange
from ecsiam_tui.policy.access import AccessDiff
from ecsiam_tui.tui.effects import headline
from ecsiam_tui.workspace import Effect

ROLE = "arn:aws:iam::123456789012:role/team/web-task"
MOVED = ("s3:GetObject", ("arn:aws:s3:::a/*",), ("arn:aws:s3:::b/*",))


def change(
    added: int = 0, removed: int = 0, changed: int = 0, let_in: tuple[str, ...] = ()
) -> PrincipalChange:
    names = tuple(f"s3:Get{number}" for number in range(max(added, removed)))
    moved = (MOVED,) * changed
    return PrincipalChange(ROLE, "changed", AccessDiff(names[:added], names[:removed], moved), let_in)


def said(*changes: PrincipalChange) -> list[str]:
    return [piece.text for piece in headline(Effect(changes, (), FindingChanges((), (), ())))]


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (change(added=3), "web-task +3 actions"),
        (change(added=1, removed=2), "web-task −2 +1 actions"),
        (change(changed=1), "web-task 1 action on other resources"),
        (change(added=2, changed=3), "web-task +2 actions, 3 on other resources"),
        (change(let_in=("arn:aws:iam::123456789012:root",)), "web-task trusts others"),
    ],
)
def test_what_becomes_of_a_principal(one: PrincipalChange, text: str) -> None:
    assert said(one) == [text]


def test_many_principals_are_counted() -> None:
    assert said(*[change(added=1)] * 5)[-1] == "and 3 more principals"


def test_nothing_is_said_to_be_nothing() -> None:
    assert said() == ["no effect on permissions, requirements or findings"]
