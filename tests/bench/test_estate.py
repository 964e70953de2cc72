"""The synthetic estate that the measurements use: the same for a seed, valid, and of the promised shape."""

from collections import Counter
from pathlib import Path

import pytest

from bench.estate import make_json, make_snapshot
from ecsiam_tui.account.files import decode, encode
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.graph import build
from ecsiam_tui.graph.estate import NodeState
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind
from ecsiam_tui.policy.document import parse_document

SIZE = 120


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return make_snapshot(SIZE, 2 * SIZE)


def test_a_seed_gives_one_estate(snapshot: Snapshot) -> None:
    assert encode(snapshot) == make_json(SIZE, 2 * SIZE)
    assert encode(snapshot) != make_json(SIZE, 2 * SIZE, seed=2)


def test_it_survives_the_file(snapshot: Snapshot) -> None:
    assert decode(encode(snapshot), Path("estate.json")) == snapshot


@pytest.mark.parametrize(("services", "roles"), [(1, 1), (120, 240), (240, 240)])
def test_counts(services: int, roles: int) -> None:
    made = make_snapshot(services, roles)
    assert len(made.services) == services
    assert len(made.roles) == max(roles, len(make_snapshot(services, 1).roles))
    assert len({role.arn for role in made.roles}) == len(made.roles)
    assert len({service.service_arn for service in made.services}) == services


def test_the_largest_cluster_holds_most(snapshot: Snapshot) -> None:
    counts = Counter(service.cluster_arn for service in make_snapshot(600).services)
    assert 0.5 < counts.most_common(1)[0][1] / 600 < 0.7
    assert len(counts) >= 5


def test_every_reference_is_there(snapshot: Snapshot) -> None:
    """Dangling references would make a smaller graph than the real thing has."""
    estate = build(snapshot)
    dangling = Counter(node.kind for node in estate.nodes() if node.state == NodeState.MISSING)
    assert not dangling
    for service in snapshot.services:
        definitions = [link.node for link in estate.uses(service.service_arn, EdgeKind.RUNS)]
        assert definitions
        for definition in definitions:
            roles = list(estate.uses(definition.id, EdgeKind.USES_TASK_ROLE, EdgeKind.USES_EXECUTION_ROLE))
            assert len(roles) == 2
            assert all(link.node.record is not None for link in roles)
    assert estate.count(NodeKind.SERVICE) == SIZE


def test_roles_are_shared_and_their_own(snapshot: Snapshot) -> None:
    users = Counter(definition.task_role_arn for definition in snapshot.task_definitions if definition.latest)
    assert users.most_common(1)[0][1] > 1
    assert sum(count == 1 for count in users.values()) > SIZE / 3


def test_documents_are_valid_and_of_usual_length(snapshot: Snapshot) -> None:
    lengths = set()
    for role in snapshot.roles:
        assert not parse_document(role.assume_role_policy_document).problems
        for inline in role.role_policy_list:
            document = parse_document(inline.policy_document)
            assert not document.problems
            lengths.add(len(document.statements))
    assert lengths <= set(range(3, 9))
    assert len(lengths) > 3


def test_padding_reaches_its_size() -> None:
    assert len(make_json(20)) < 500_000 <= len(make_json(20, at_least=500_000)) < 600_000
