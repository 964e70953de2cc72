"""How fast the policy engine is: against its peers, against a limit, and as accounts grow.

`python -m bench.engine` prints the tables; `--no-peers` leaves the peers out.
"""

from __future__ import annotations

import datetime
import gc
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bench import engine_peers, engine_workload
from ecsiam_tui.account import Snapshot
from ecsiam_tui.account.iam import AttachedPolicy, InlinePolicy, ManagedPolicy, Role
from ecsiam_tui.policy import catalogue
from ecsiam_tui.policy.access import access
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.document import document_from_data
from ecsiam_tui.policy.evaluation import evaluate
from ecsiam_tui.policy.layers import Layers, Policy, PolicySet
from ecsiam_tui.policy.request import Request
from ecsiam_tui.policy.who_can import Population

ROLE_COUNTS = (500, 5_000, 50_000)
TARGETS = {"Principal Mapper": 10, "iam-simulate": 60}


def best(action: Callable[[], Any], rounds: int = 5) -> float:
    """Seconds of the fastest of several runs."""
    found = []
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return min(found)


def _layers(work: dict[str, Any]) -> Layers:
    policies = (Policy(name, document_from_data(data)) for name, data in work["policies"].items())
    return Layers(PolicySet("identity", policies))


def decisions(work: dict[str, Any]) -> tuple[float, float, int]:
    """Requests decided and requests decoded from JSON a second, and how many of the first thousand are
    allowed."""
    layers = _layers(work)
    common = {"principal": work["principal"], "resource_account": work["account"]}
    texts = [msgspec.json.encode(common | request) for request in work["requests"]]
    decoder = msgspec.json.Decoder(Request)
    requests = [decoder.decode(text) for text in texts]

    def decide() -> None:
        for request in requests:
            evaluate(layers, request)

    def decode() -> None:
        for text in texts:
            decoder.decode(text)

    allowed = sum(evaluate(layers, request).allowed for request in requests[:1000])
    return len(requests) / best(decide), len(requests) / best(decode), allowed


def explanations(work: dict[str, Any]) -> tuple[float, float]:
    """Microseconds of a decision and of a decision with its explanation."""
    layers = _layers(work)
    requests = [
        Request(work["principal"], r["action"], r["resource"], r["context"], work["account"])
        for r in work["requests"][:500]
    ]
    plain = best(lambda: [evaluate(layers, request) for request in requests])
    explained = best(lambda: [evaluate(layers, request).explain() for request in requests], 2)
    return plain / len(requests) * 1e6, explained / len(requests) * 1e6


def account_of(roles: int, policies: dict[str, Any]) -> Snapshot:
    """An account of roles with ten policies each: five of AWS and five of their own."""
    chance = random.Random(roles)
    managed = [
        ManagedPolicy(policy_name=name, arn=f"arn:aws:iam::aws:policy/{name}", document=json.dumps(document))
        for name, document in policies.items()
    ]
    actions = (
        "s3:GetObject",
        "s3:PutObject",
        "sqs:SendMessage",
        "dynamodb:GetItem",
        "logs:PutLogEvents",
        "ecs:Run*",
    )
    found = []
    for number in range(roles):
        attached = (
            AttachedPolicy(policy_name=p.policy_name, policy_arn=p.arn) for p in chance.sample(managed, 5)
        )
        own = []
        for at in range(5):
            statement = {
                "Effect": "Allow",
                "Action": chance.sample(actions, 3),
                "Resource": f"arn:aws:s3:::bucket-{number}-{at}/*",
            }
            text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            own.append(InlinePolicy(policy_name=f"own-{at}", policy_document=text))
        found.append(
            Role(
                role_name=f"role-{number}",
                arn=f"arn:aws:iam::{engine_workload.ACCOUNT}:role/role-{number}",
                attached_managed_policies=tuple(attached),
                role_policy_list=tuple(own),
                assume_role_policy_document="{}",
            )
        )
    return Snapshot(
        account_id=engine_workload.ACCOUNT,
        taken_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        roles=tuple(found),
        policies=tuple(managed),
    )


QUESTIONS = (
    ("s3:GetObject", "arn:aws:s3:::bucket-7-3/x"),
    ("ecs:UpdateService", f"arn:aws:ecs:us-east-1:{engine_workload.ACCOUNT}:service/prod/web"),
    ("iam:PassRole", f"arn:aws:iam::{engine_workload.ACCOUNT}:role/x"),
)


def _print_decisions(work: dict[str, Any], with_peers: bool) -> None:
    own, decoded, allowed = decisions(work)
    print("Decisions a second, one process, policies parsed once (10,000 requests, 31 statements)")
    print(f"  ecsiam-tui                 {own:>12,.0f}   {allowed} of the first 1,000 allowed")
    print(f"  limit: msgspec decoding    {decoded:>12,.0f}   {decoded / own:.1f} times (target: under 10)")
    if not with_peers:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workload.json"
        path.write_text(json.dumps(work))
        for peer in engine_peers.measure(path):
            if peer.error:
                print(f"  {peer.name:<26} not measured: {peer.error}")
                continue
            target = TARGETS.get(peer.name)
            aim = f" (target: {target})" if target else ""
            ratio = f"{own / peer.per_second:,.1f} times{aim}"
            print(
                f"  {peer.name + ' ' + peer.version:<26} {peer.per_second:>12,.0f}   "
                f"{ratio}, {peer.allowed} allowed"
            )


def _print_growth(work: dict[str, Any]) -> None:
    print("who-can, milliseconds (roles with 10 policies each; target at 5,000: under 100 after loading)")
    for count in ROLE_COUNTS:
        policies = AccountPolicies(account_of(count, work["policies"]))
        start = time.perf_counter()
        population = Population(policies)
        loaded = time.perf_counter() - start
        cells = []
        for action, resource in QUESTIONS:
            first = best(lambda: population.who_can(action, resource), 1)  # noqa: B023
            again = best(lambda: population.who_can(action, resource), 3)  # noqa: B023
            found = len(population.who_can(action, resource).reaches)
            cells.append(f"{action} {first * 1000:,.1f}, again {again * 1000:,.1f} ({found:,} can)")
        print(f"  {count:>6,} roles, loaded in {loaded:.2f} s: " + "; ".join(cells))


def main(arguments: list[str]) -> None:
    """Print every table."""
    work = engine_workload.generate()
    catalogue.load()
    _print_decisions(work, "--no-peers" not in arguments)
    plain, explained = explanations(work)
    print(f"Explanation: {plain:.1f} µs a decision without, {explained:.1f} µs with")
    first = best(lambda: access(_layers(work)), 1)
    again = best(lambda: access(_layers(work)))
    print(
        "Effective access of that role over the whole catalogue: "
        f"{first * 1000:.1f} ms, again {again * 1000:.1f} ms (target: under 20)"
    )
    catalogue.load.cache_clear()
    warm = best(catalogue.load, 1)
    print(
        f"Catalogue of {len(catalogue.load().names):,} actions from its cache: {warm * 1000:.1f} ms "
        "(target: under 300)"
    )
    _print_growth(work)


if __name__ == "__main__":
    main(sys.argv[1:])
