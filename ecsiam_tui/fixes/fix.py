"""A fix: what could be done about a finding, as changes; and the table of recipes that make fixes.

@recipe("repair-trust")
def repair_trust(finding: Finding, facts: Facts) -> Iterator[Fix]:
    yield Fix(name="repair-trust", title=…, finding=finding.key, changes=(…,), breadth=0)

A recipe that depends on what a person answers is entered with `asking_recipe` and takes the answers, too.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding


class Choice(msgspec.Struct, frozen=True):
    """One answer to a question: `value` is what it is called in answers, `note` what it costs."""

    value: str
    label: str
    note: str = ""


class Question(msgspec.Struct, frozen=True):
    """What only a person can tell. `name` is unique within a fix; `default` are the values that are taken
    where nobody answers, which must always be the careful ones; `many` allows several."""

    name: str
    text: str
    choices: tuple[Choice, ...]
    default: tuple[str, ...] = ()
    many: bool = False

    def answer(self, answers: "Answers") -> tuple[str, ...]:
        """What was answered, as far as there is such a choice; else the default."""
        known = {choice.value for choice in self.choices}
        given = answers.get(self.name)
        if given is None or not known.issuperset(given):
            return self.default
        return tuple(given)


Answers = Mapping[str, tuple[str, ...]]
"""Chosen values by the name of the question."""


class Fix(msgspec.Struct, frozen=True):
    """One way to mend a finding.

    `name` is that of its recipe (kebab-case, as in `Finding.fixes`), `finding` the finding's key, `breadth`
    how much it gives away or touches (0 is the narrowest). `costs` says in sentences what is lost by it,
    `warnings` what a person has to know before ("CloudFormation will revert it"), `notes` what helps to
    choose ("never used: sqs"), `questions` what was asked to make it. `copies` says which new role (ARN) is
    made after which existing one: what is wrong with that is no news of the copy. A fix without changes is
    told and exported only: `export-patch`.
    """

    name: str
    title: str
    finding: str
    changes: tuple[AnyChange, ...]
    breadth: int = 0
    costs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    copies: dict[str, str] = {}


class Proof(msgspec.Struct, frozen=True):
    """What the engine says of a fix. `gone`: the finding is not there afterwards. `eased`: what is left of it
    where it is still there, but less severe. `broken`: what was met before and is missing now, and what is
    asked for newly and not met. `new_findings`: those that the fix makes (or makes worse), `broader`: access
    that it gives and nothing required asks for, a line each.
    `resolved`: other findings that go with it. `worst_allowed`: a new finding below this severity is a price
    that may be paid. `error`: why it does not fit the account."""

    gone: bool
    broken: tuple[Judged, ...] = ()
    new_findings: tuple[Finding, ...] = ()
    broader: tuple[str, ...] = ()
    resolved: tuple[Finding, ...] = ()
    worst_allowed: int = 0
    error: str = ""
    eased: Finding | None = None

    @property
    def ok(self) -> bool:
        """Whether it may be offered: the finding is gone or less severe, nothing that was met is missing, and
        nothing as bad as it was (or worse) is new."""
        worse = any(finding.severity >= self.worst_allowed for finding in self.new_findings)
        mended = self.gone or self.eased is not None
        return mended and not self.broken and not worse and not self.error


Recipe = Callable[[Finding, Facts], Iterator[Fix]]
AskingRecipe = Callable[[Finding, Facts, Answers], Iterator[Fix]]

_TABLE: dict[str, AskingRecipe] = {}


def recipe(name: str) -> Callable[[Recipe], Recipe]:
    """Enter a recipe in the table. A name is given once."""

    def enter(make: Recipe) -> Recipe:
        def without_asking(finding: Finding, facts: Facts, _: Answers) -> Iterator[Fix]:
            return make(finding, facts)

        asking_recipe(name)(without_asking)
        return make

    return enter


def asking_recipe(name: str) -> Callable[[AskingRecipe], AskingRecipe]:
    """Enter a recipe that takes answers in the table. A name is given once."""

    def enter(make: AskingRecipe) -> AskingRecipe:
        if name in _TABLE:
            raise ValueError(f"recipe {name} is defined twice")
        _TABLE[name] = make
        return make

    return enter


def table() -> dict[str, AskingRecipe]:
    """All recipes by name."""
    from ecsiam_tui.fixes import recipes  # noqa: F401  (its modules enter themselves)

    return dict(sorted(_TABLE.items()))
