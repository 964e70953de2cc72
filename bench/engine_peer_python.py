"""Run by a peer's own Python, not by ours: decide the workload and print the speed.

`python engine_peer_python.py PACKAGE WORKLOAD SECONDS`
"""

import collections
import collections.abc
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

Decide = Callable[[str, str, dict[str, str]], bool]


def principal_mapper(work: dict[str, Any]) -> Decide:
    """The question that Principal Mapper's `query` answers for one principal."""
    for name in ("Mapping", "MutableMapping"):  # it was written for Pythons that had them there
        setattr(collections, name, getattr(collections.abc, name))
    from principalmapper.common import Node, Policy
    from principalmapper.querying.query_interface import local_check_authorization

    policies = [Policy(f"arn:aws:iam::aws:policy/{n}", n, d) for n, d in work["policies"].items()]
    trust = {"Version": "2012-10-17", "Statement": []}
    node = Node(work["principal"], "AROAEXAMPLE", policies, [], trust, None, 0, False, False, None, False, {})
    return lambda action, resource, context: local_check_authorization(node, action, resource, context)


def moto(work: dict[str, Any]) -> Decide:
    """moto's check of a call against the policies of the caller."""
    from moto.iam.access_control import IAMPolicy, PermissionResult

    policies = [IAMPolicy({"policy_document": json.dumps(d)}) for d in work["policies"].values()]

    def decide(action: str, resource: str, context: dict[str, str]) -> bool:
        del context  # moto does not look at it
        found = [policy.is_action_permitted(action, resource) for policy in policies]
        return PermissionResult.DENIED not in found and PermissionResult.PERMITTED in found

    return decide


def main(package: str, workload: str, seconds: float) -> None:
    """Warm up on the first thousand requests, then decide for the time given."""
    work = json.loads(Path(workload).read_text())
    decide = (principal_mapper if package == "principalmapper" else moto)(work)
    requests = [(r["action"], r["resource"], r["context"]) for r in work["requests"]]
    allowed = sum(bool(decide(*request)) for request in requests[:1000])
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        at = done % len(requests)
        for request in requests[at : at + 500]:
            decide(*request)
        done += 500
    speed = done / (time.perf_counter() - start)
    print(json.dumps({"per_second": speed, "allowed": allowed, "version": version(package)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
