"""What a wizard asks, step by step, and what comes of the answers."""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple, cast

from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.fixes.assigning import OWN, Fitting, Made, candidates, fitting, give_roles
from ecsiam_tui.fixes.making import WORDS, TaskRoleKind
from ecsiam_tui.fixes.role_policies import (
    SORTS,
    Attached,
    Kind,
    OfActions,
    OfNeeds,
    OfTemplate,
    Source,
    WizardError,
    needs_for,
    offered_policies,
    offered_resources,
)
from ecsiam_tui.fixes.templates import TEMPLATES, template
from ecsiam_tui.fixes.wizards import (
    Guard,
    Wanted,
    arn_of,
    can_give,
    guards,
    make_role,
    offered_name,
    offered_users,
)
from ecsiam_tui.graph.search import score
from ecsiam_tui.policy.catalogue import is_account_level, load

Choices = tuple[tuple[str, str], ...]
Answers = Mapping[str, tuple[str, ...]]

NOBODY = ""
"""The answer that a role is for nobody yet."""
MOST_SHOWN = 200
_YES_NO: Choices = (("yes", "yes"), ("no", "no"))


class Step(NamedTuple):
    """One question. `how` is it answered: with one or many of some choices (values with labels), or with a
    typed text. `search` gives choices for what is typed, `own` says that a typed ARN is a choice, too;
    `refuse` says why an answer does not do, empty where it does."""

    name: str
    title: str
    how: Literal["one", "many", "text"] = "one"
    choices: Choices = ()
    default: tuple[str, ...] = ()
    hint: str = ""
    search: Callable[[str], Choices] | None = None
    own: bool = False
    refuse: Callable[[str], str] = lambda _: ""

    def label(self, value: str) -> str:
        """What an answer is called, in short."""
        known = next((label for one, label in self.choices if one == value), "")
        return known.partition("  ")[0] or value

    def said(self, values: tuple[str, ...]) -> str:
        """An answer in one line."""
        names = [self.label(value) for value in values[:3]]
        more = f" and {len(values) - 3} more" if len(values) > 3 else ""
        return f"{', '.join(names)}{more}"


def narrowed(step: Step, typed: str) -> Choices:
    """The choices of a step that fit what was typed, the best first."""
    if step.search is not None:
        return step.search(typed)
    words = tuple(typed.lower().split())
    if not words:
        return step.choices[:MOST_SHOWN]
    scored = sorted(
        (found, at)
        for at, (value, label) in enumerate(step.choices)
        if (found := score(label.lower(), value.lower(), words)) is not None
    )
    found_ones = tuple(step.choices[at] for _, at in scored[:MOST_SHOWN])
    if step.own and typed.startswith("arn:") and all(value != typed for value, _ in found_ones):
        return ((typed, f"{typed}  as typed"), *found_ones)
    return found_ones


FIRST = Step(
    "task",
    "What is to be set up?",
    choices=(
        ("role", "a new role for ECS  kind, name, trust, permissions"),
        ("many", "execution roles for services  many at once"),
        ("assign", "a role for a service  task role or execution role, one that is there or a new one"),
    ),
)


def next_step(answers: Answers, facts: Facts) -> Step | None:
    """What is to be asked next; None where all is answered. May take a second: for a thread."""
    if FIRST.name not in answers:
        return FIRST
    steps = {"role": _role_steps, "many": _many_steps, "assign": _assign_steps}[answers["task"][0]]
    return next(steps(answers, facts), None)


def outcome(answers: Answers, facts: Facts) -> Made:
    """What comes of all answers. Raises WizardError, BlankError or ChangeError."""
    match answers["task"][0]:
        case "role":
            return make_role(_wanted(answers), facts)
        case "many":
            roles = dict.fromkeys(answers["services"], answers["role"][0])
            return give_roles("task-execution", roles, facts, complete=_is_complete(answers))
    kind = cast("TaskRoleKind", answers["kind"][0])
    roles = {answers["services"][0]: answers["role"][0]}
    return give_roles(kind, roles, facts, complete=_is_complete(answers))


def _is_complete(answers: Answers) -> bool:
    return answers.get("complete") == ("yes",)


# A new role -------------------------------------------------------------------------------------------------


def _role_steps(answers: Answers, facts: Facts) -> Iterator[Step]:
    """The steps that are not answered yet, the first of which counts."""
    if "kind" not in answers:
        kinds = tuple((sort.kind, sort.title.replace(": ", "  ", 1)) for sort in SORTS)
        yield Step("kind", "What kind of role?", choices=kinds)
    kind = cast("Kind", answers["kind"][0])
    if "users" not in answers:
        nobody = (NOBODY, "nobody yet  the role is made for later")
        users_known = (nobody, *offered_users(kind, facts))
        hint = "its permissions, name and trust are made for them"
        yield Step("users", "For whom?", "many", users_known, hint=hint)
    users = _users(answers)
    if "name" not in answers:
        offered = (offered_name(kind, users, facts),)
        yield Step("name", "Its name?", "text", default=offered, refuse=lambda name: _refused(name, facts))
    if "trust" not in answers:
        yield Step("trust", "Whom does it trust?", choices=guards(kind))
    if "source" not in answers:
        yield _source_step(kind, users, answers["name"][0], facts)
    yield from _source_details(answers, kind, facts)
    if "give" not in answers and can_give(kind, users, facts):
        rolls = (
            "a new revision, and the services roll out" if kind.startswith("task") else "its role from now on"
        )
        ways = (("yes", f"give it to them  {rolls}"), ("no", "only make it"))
        yield Step("give", "Give it to those it is for?", choices=ways)


def _users(answers: Answers) -> tuple[str, ...]:
    return tuple(user for user in answers["users"] if user != NOBODY)


def _refused(name: str, facts: Facts) -> str:
    try:
        arn_of(name, facts)
    except WizardError as error:
        return str(error)
    return ""


def _source_step(kind: Kind, users: tuple[str, ...], name: str, facts: Facts) -> Step:
    choices = [
        ("actions", "actions and resources  searched in what AWS has"),
        ("template", "a template  by tag, cluster, size"),
        ("none", "nothing yet"),
    ]
    policies = offered_policies(kind, facts)
    if policies:
        choices.insert(0, ("policy", "a policy of AWS  made for this kind of role"))
    # What is known to be asked of infrastructure roles is not all that ECS does: AWS's policies are.
    exact = bool(users) and kind != "infrastructure"
    asked = needs_for(kind, users, arn_of(name, facts), facts) if exact else ()
    if asked:
        count = f"{len(asked)} permission{'s' if len(asked) > 1 else ''}"
        choices.insert(0, ("needs", f"exactly what is asked for  {count}"))
    first = "policy" if kind == "infrastructure" else choices[0][0]
    default = (first,) if asked or policies else ("none",)
    return Step("source", "What may it do?", choices=tuple(choices), default=default)


def _source_details(answers: Answers, kind: Kind, facts: Facts) -> Iterator[Step]:
    match answers["source"][0]:
        case "actions":
            if "actions" not in answers:
                hint = "type a part of an action, such as s3 get"
                yield Step("actions", "Which actions?", "many", hint=hint, search=_actions)
            actions = answers["actions"]
            if "resources" not in answers and not all(is_account_level(one) for one in actions):
                choices = tuple((one, one) for one in offered_resources(actions, facts))
                hint = "or type an ARN"
                yield Step("resources", "On which resources?", "many", choices, hint=hint, own=True)
        case "template":
            if "template" not in answers:
                yield Step("template", "Which?", choices=tuple((one.name, one.title) for one in TEMPLATES))
            for blank in template(answers["template"][0]).blanks:
                if f"blank {blank.name}" not in answers:
                    text = f"{blank.text[0].upper()}{blank.text[1:]}?"
                    hint = f"for example {blank.example}"
                    yield Step(f"blank {blank.name}", text, "text", hint=hint, refuse=_is_empty)
        case "policy":
            if "policy" not in answers:
                choices = tuple(
                    (arn, f"{name_of(arn)}  {text}") for arn, text in offered_policies(kind, facts)
                )
                yield Step("policy", "Which?", choices=choices)


def _is_empty(text: str) -> str:
    return "" if text else "type something"


def _actions(typed: str) -> Choices:
    """Actions with all the words that were typed; those of the service that was named first."""
    words = typed.lower().replace(":", " ").split()
    if not words:
        return ()
    catalogue = load()
    found = [name for name in catalogue.names if all(word in name.lower() for word in words)]
    found.sort(key=lambda name: not name.lower().startswith(f"{words[0]}:"))
    return tuple((name, f"{name}  {_level(name)}") for name in found[:MOST_SHOWN])


def _level(name: str) -> str:
    number = load().number(name)
    return load().access_level(number) if number is not None else ""


def _wanted(answers: Answers) -> Wanted:
    return Wanted(
        kind=cast("Kind", answers["kind"][0]),
        name=answers["name"][0],
        guard=cast("Guard", answers["trust"][0]),
        users=_users(answers),
        source=_source(answers),
        give=answers.get("give") == ("yes",),
    )


def _source(answers: Answers) -> Source:
    match answers["source"][0]:
        case "needs":
            return OfNeeds()
        case "actions":
            return OfActions(answers["actions"], answers.get("resources", ()))
        case "template":
            name = answers["template"][0]
            return OfTemplate(
                name, {one.name: answers[f"blank {one.name}"][0] for one in template(name).blanks}
            )
        case "policy":
            return Attached(answers["policy"][0])
    return None


# Roles for services -----------------------------------------------------------------------------------------


def _many_steps(answers: Answers, facts: Facts) -> Iterator[Step]:
    kind: TaskRoleKind = "task-execution"
    if "services" not in answers:
        known = candidates(kind, facts)
        yield Step(
            "services",
            "Which services?",
            "many",
            tuple((one.service, f"{one.title}  {one.why}") for one in known),
            tuple(one.service for one in known if one.lacks),
            "those without one are marked",
        )
    yield from _role_of(answers, kind, facts)


def _assign_steps(answers: Answers, facts: Facts) -> Iterator[Step]:
    if "services" not in answers:
        known = sorted(candidates("task-execution", facts), key=lambda one: one.title)
        yield Step(
            "services",
            "Which service?",
            choices=tuple((one.service, f"{one.title}  {one.why}") for one in known),
        )
    if "kind" not in answers:
        now = {
            kind: next(one.why for one in candidates(kind, facts) if one.service == answers["services"][0])
            for kind in WORDS
        }
        yield Step(
            "kind", "Which role?", choices=tuple((kind, f"{WORDS[kind]}  {now[kind]}") for kind in WORDS)
        )
    yield from _role_of(answers, cast("TaskRoleKind", answers["kind"][0]), facts)


def _role_of(answers: Answers, kind: TaskRoleKind, facts: Facts) -> Iterator[Step]:
    services = answers["services"]
    if "role" not in answers:
        own = "a new role of its own" if len(services) == 1 else "a new role for each family"
        choices = ((OWN, f"{own}  exactly what is asked for"),)
        known = tuple((one.role, _fitting_label(one)) for one in fitting(services, kind, facts))
        yield Step("role", f"Which {WORDS[kind]}?", choices=(*choices, *known))
    role = answers["role"][0]
    if role != OWN and "complete" not in answers:
        lacking = next((one.lacking for one in fitting(services, kind, facts) if one.role == role), ())
        if lacking:
            names = ", ".join(dict.fromkeys(one.action for one in lacking))
            yield Step("complete", f"Give {name_of(role)} what it lacks?", choices=_YES_NO, hint=names)


def _fitting_label(found: Fitting) -> str:
    actions = list(dict.fromkeys(one.action for one in found.lacking))
    more = f" and {len(actions) - 2} more" if len(actions) > 2 else ""
    lacks = f"lacks {', '.join(actions[:2])}{more}" if actions else "has all that is asked for"
    users = f", {found.users} use it" if found.users else ""
    return f"{name_of(found.role)}  {lacks}{users}"
