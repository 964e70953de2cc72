"""The list of mistakes that the account makes on purpose."""

import re

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.demo.estate import load_estate
from ecsiam_tui.demo.source import DemoSource


def arns(snapshot: Snapshot) -> set[str]:
    """The ARNs of everything that can be a node."""
    found = {item.service_arn for item in snapshot.services}
    found |= {item.task_definition_arn for item in snapshot.task_definitions}
    found |= {item.task_arn for item in snapshot.tasks}
    found |= {item.container_instance_arn for item in snapshot.container_instances}
    found |= {item.capacity_provider_arn for item in snapshot.capacity_providers}
    found |= {item.cluster_arn for item in snapshot.clusters}
    found |= {item.repository_arn for item in snapshot.repositories}
    for records in (snapshot.roles, snapshot.policies, snapshot.groups, snapshot.users, snapshot.schedules):
        found |= {item.arn for item in records}
    return found


def test_every_mistake_sits_on_something_that_exists(source: DemoSource, snapshot: Snapshot) -> None:
    known = arns(snapshot)
    assert [mistake for mistake in source.seeded.mistakes if mistake.node not in known] == []


def test_ids_are_those_of_findings(source: DemoSource) -> None:
    mistakes = source.seeded.mistakes
    assert all(re.fullmatch(r"ECS-IAM-0(0[1-9]|[1-5]\d|6[0-6])", mistake.id) for mistake in mistakes)
    assert len({(mistake.id, mistake.node) for mistake in mistakes}) == len(mistakes)
    assert len({mistake.id for mistake in mistakes}) >= 60


def test_every_mistake_is_said_in_a_sentence(source: DemoSource) -> None:
    for mistake in source.seeded.mistakes:
        assert mistake.about.endswith("."), mistake
        assert 20 < len(mistake.about) < 140, mistake


def test_healthy_services_exist_and_share_nothing_with_a_mistake(
    source: DemoSource, snapshot: Snapshot
) -> None:
    healthy = [item for item in snapshot.services if item.service_arn in source.seeded.healthy]
    assert len(healthy) == len(source.seeded.healthy) >= 3
    wrong = {mistake.node for mistake in source.seeded.mistakes}
    definitions = {item.task_definition_arn: item for item in snapshot.task_definitions}
    for service in healthy:
        definition = definitions[service.task_definition or ""]
        touched = {
            service.service_arn,
            definition.task_definition_arn,
            definition.task_role_arn,
            definition.execution_role_arn,
        }
        assert not touched & wrong
        assert definition.latest


def test_families_that_share_the_execution_role_are_counted_right(snapshot: Snapshot) -> None:
    """The sentence about ecs-exec says how many families share it."""
    families = {
        item.family
        for item in snapshot.task_definitions
        if (item.execution_role_arn or "").endswith(("/ecs-exec", "ecs-exec"))
    }
    (about,) = (
        entry["about"]
        for entry in load_estate().list("mistakes")
        if entry["id"] == "ECS-IAM-027" and entry["node"] == "${role:ecs-exec}"
    )
    words = {20: "Twenty", 21: "Twenty-one", 22: "Twenty-two"}
    assert about.startswith(f"{words[len(families)]} families")
