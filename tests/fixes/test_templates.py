"""Templates of statements for Amazon ECS: what AWS knows of them, and what people write into them."""

import json

import pytest

from ecsiam_tui.account.references import Home
from ecsiam_tui.fixes.documents import as_list, dump, of
from ecsiam_tui.fixes.templates import TEMPLATES, BlankError, Template, filled, template
from ecsiam_tui.policy.catalogue import load
from ecsiam_tui.policy.document import parse_document
from ecsiam_tui.policy.lint import lint

HOME = Home("aws", "eu-west-1", "123456789012")


def example(found: Template) -> dict[str, str]:
    return {blank.name: blank.example for blank in found.blanks}


@pytest.mark.parametrize("found", TEMPLATES, ids=lambda found: found.name)
def test_aws_knows_what_a_template_says(found: Template) -> None:
    text = dump(of(*filled(found, HOME, example(found))))
    document = parse_document(text)
    assert document.problems == ()
    assert [str(one) for one in lint(document)] == []
    catalogue = load()
    for statement in document.statements:
        for action in statement.actions:
            known = catalogue.action(action)
            assert known is not None, action
            keys = {key.lower() for key in known.condition_keys}
            keys |= {key.lower() for use in known.resource_types for key in use.condition_keys}
            for condition in statement.conditions:
                key = condition.key.lower()
                assert any(
                    key == one or (key.startswith(one.partition("${")[0]) and "${" in one) for one in keys
                ), (
                    action,
                    key,
                )


def test_a_template_is_found_by_its_name() -> None:
    assert template("run-in-cluster").title == "Run tasks of a family in a cluster"
    with pytest.raises(KeyError, match="there is no template x; there are deploy-tagged"):
        template("x")


def test_a_principals_own_tag_is_a_variable() -> None:
    (statement,) = filled(template("deploy-own"), HOME, {"key": "team"})
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}


@pytest.mark.parametrize(
    ("name", "blanks", "words"),
    [
        ("deploy-tagged", {"key": "team"}, "give the value of the tag, for example orders"),
        ("deploy-tagged", {"key": "${x}", "value": "y"}, "cannot be the key of a tag"),
        ("run-in-cluster", {"family": "web", "cluster": "a/b"}, "cannot be the name of the cluster"),
        ("small-tasks", {"family": "web", "cpu": "1 vCPU", "memory": "1"}, "is a number"),
    ],
)
def test_a_blank_that_cannot_be_is_refused(name: str, blanks: dict[str, str], words: str) -> None:
    with pytest.raises(BlankError, match=words):
        filled(template(name), HOME, blanks)


def test_names_are_unique_and_partitions_kept() -> None:
    assert len({found.name for found in TEMPLATES}) == len(TEMPLATES)
    china = Home("aws-cn", "cn-north-1", "123456789012")
    for found in TEMPLATES:
        text = json.dumps(filled(found, china, example(found)))
        assert "arn:aws:" not in text
        assert all(as_list(one["Action"]) for one in filled(found, china, example(found)))
