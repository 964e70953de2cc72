"""The catalogue: look-ups, sets of actions, cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecsiam_tui.policy import catalogue, catalogue_data


@pytest.fixture(scope="module")
def known() -> catalogue.Catalogue:
    return catalogue.load()


def test_an_action(known: catalogue.Catalogue) -> None:
    action = known.action("ECS:runtask")
    assert action is not None
    assert (action.name, action.access_level) == ("ecs:RunTask", "Write")
    assert [(use.name, use.required) for use in action.resource_types] == [("task-definition", True)]
    assert "iam:PassRole" in action.dependent_actions
    assert "ecs:cluster" in action.condition_keys
    assert known.action("ecs:Nothing") is None
    assert known.action("nothing:Nothing") is None


def test_a_service(known: catalogue.Catalogue) -> None:
    service = known.service("ecs")
    assert service is not None
    kind = service.resource_type("service")
    assert kind is not None
    assert kind.arn == "arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/${ServiceName}"
    assert len(known.services) > 400


@pytest.mark.parametrize(
    ("key", "name", "kind"),
    [
        ("ECS:Cluster", "ecs:cluster", "ARN"),
        ("aws:requesttag/team", "aws:RequestTag/${TagKey}", "String"),
        ("aws:TagKeys", "aws:TagKeys", "ArrayOfString"),
    ],
)
def test_condition_keys(known: catalogue.Catalogue, key: str, name: str, kind: str) -> None:
    found = known.condition_key("ecs", key)
    assert found is not None
    assert (found.name, found.type) == (name, kind)
    assert known.condition_key("ecs", "ecs:nothing") is None


@pytest.mark.parametrize(
    ("pattern", "members", "others"),
    [
        ("ecs:RunTask", ["ecs:RunTask"], ["ecs:StartTask"]),
        ("ECS:run*", ["ecs:RunTask"], ["ecs:StartTask"]),
        ("ecs:*Task", ["ecs:RunTask", "ecs:StartTask"], ["ecs:ListTasks"]),
        ("*", ["ecs:RunTask", "s3:GetObject"], []),
        ("e?s:RunTask", ["ecs:RunTask"], ["ecr:PutImage"]),
        ("ecs:Nothing", [], ["ecs:RunTask"]),
        ("ecs", [], ["ecs:RunTask"]),
    ],
)
def test_sets_of_actions(
    known: catalogue.Catalogue, pattern: str, members: list[str], others: list[str]
) -> None:
    names = {known.names[number] for number in catalogue.members(known.bits(pattern))}
    assert set(members) <= names
    assert names.isdisjoint(others)
    assert all(known.number(name) is not None for name in names)


@pytest.mark.parametrize(
    ("pattern", "members", "others"),
    [
        ("arn:aws:s3:::data/*", ["s3:GetObject"], ["s3:ListBucket", "s3:ListAllMyBuckets", "ecs:RunTask"]),
        ("arn:aws:s3:::data", ["s3:ListBucket"], ["s3:ListAllMyBuckets"]),
        ("arn:aws:ecs:*:*:cluster/*", ["ecs:DeleteCluster"], ["ecs:UpdateService"]),
        ("arn:aws:ecs:*:*:service/prod/*", ["ecs:UpdateService"], ["ecs:DeleteCluster"]),
        ("arn:aws:iam::1:role/*", ["iam:PassRole", "sts:AssumeRole"], ["iam:ListRoles"]),
        ("arn:aws:newservice:r:1:x", ["ecs:RunTask"], ["iam:ListRoles"]),
        ("*", ["s3:ListAllMyBuckets", "ecs:RunTask"], []),
    ],
)
def test_actions_on_resources(
    known: catalogue.Catalogue, pattern: str, members: list[str], others: list[str]
) -> None:
    names = {known.names[number] for number in catalogue.members(known.actions_on(pattern))}
    assert set(members) <= names
    assert names.isdisjoint(others)


def test_access_levels_are_all_actions(known: catalogue.Catalogue) -> None:
    bits = 0
    for level in known.level_bits.values():
        assert bits & level == 0
        bits |= level
    assert bits == known.all_bits


def test_account_level_actions(known: catalogue.Catalogue) -> None:
    assert known.is_account_level("s3:ListAllMyBuckets")
    assert not known.is_account_level("s3:GetObject")
    assert not known.is_account_level("s3:Unheard")


def test_numbers_of_a_set() -> None:
    assert list(catalogue.members(0b1000_0000_0101)) == [0, 2, 11]
    assert list(catalogue.members(0)) == []


def test_the_cache_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c" / "catalogue"
    monkeypatch.setattr(catalogue_data, "cache_path", lambda: path)
    catalogue.load.cache_clear()
    first = catalogue.load()
    catalogue.load.cache_clear()
    assert path.exists()
    second = catalogue.load()
    catalogue.load.cache_clear()
    assert second.names == first.names
    assert second.action("ecs:RunTask") == first.action("ecs:RunTask")


@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"\x93\xa1x\x90\x80"])
def test_a_broken_cache_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    path = tmp_path / "catalogue"
    path.write_bytes(content)
    monkeypatch.setattr(catalogue_data, "cache_path", lambda: path)
    catalogue.load.cache_clear()
    assert catalogue.load().action("ecs:RunTask") is not None
    assert catalogue_data.read_cache(path, catalogue_data.source_key()) is not None
    catalogue.load.cache_clear()


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setattr(catalogue_data, "cache_path", lambda: file / "catalogue")
    catalogue.load.cache_clear()
    assert catalogue.load().action("ecs:RunTask") is not None
    catalogue.load.cache_clear()


def test_without_data_everything_still_evaluates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.policy.tables import allow, ask

    monkeypatch.setattr(catalogue_data, "cache_path", lambda: tmp_path / "catalogue")
    monkeypatch.setattr(catalogue_data, "_source", lambda: None)
    catalogue.load.cache_clear()
    assert catalogue.load().names == []
    assert ask(allow("s3:Get*"), wildcard_only=None).allowed
    catalogue.load.cache_clear()
