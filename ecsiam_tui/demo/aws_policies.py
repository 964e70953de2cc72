"""AWS's own managed policies in the embedded account, taken from moto's data one by one.

moto can load all of its 1,582 policies, which takes seconds, or none. Here a policy exists as soon as
somebody asks for its ARN, as on AWS; and, as on AWS, an account's authorization details list only those in
use.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy

from ecsiam_tui.demo.ground import ACCOUNT, identity

_PREFIX = "arn:aws:iam::aws:policy/"
_STATEMENT_ORDER = (
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)


def _data(name: str) -> dict[str, Any] | None:
    """The entry of one policy, cut out of moto's text of five megabytes without parsing the rest."""
    start = aws_managed_policies_data.find(f'\n "{name}":{{\n')
    if start < 0:
        return None
    start = aws_managed_policies_data.index("{", start)
    end = aws_managed_policies_data.index("\n }", start) + 3
    entry: dict[str, Any] = json.loads(aws_managed_policies_data[start:end])
    return entry


def _as_aws_writes(document: dict[str, Any]) -> str:
    """The document's text with the order of keys and the indentation of AWS's console."""
    statements = document["Statement"]
    ordered = [
        {key: statement[key] for key in _STATEMENT_ORDER if key in statement}
        for statement in (statements if isinstance(statements, list) else [statements])
    ]
    return json.dumps({"Version": document["Version"], "Statement": ordered}, indent=4)


def arn_of(name: str) -> str | None:
    """The ARN of AWS's policy of that name, None where there is no such policy."""
    entry = _data(name)
    return None if entry is None else f"arn:aws:iam::aws:policy{entry.get('Path', '/')}{name}"


def _load(arn: str, region: str) -> AWSManagedPolicy | None:
    name = arn.rsplit("/", 1)[1]
    entry = _data(name)
    if entry is None or f"arn:aws:iam::aws:policy{entry.get('Path', '/')}{name}" != arn:
        return None
    with identity("aws-policy", name):
        policy = AWSManagedPolicy.from_data(name, account_id=ACCOUNT, region_name=region, data=entry)
    policy.versions[0].document = _as_aws_writes(entry["Document"])
    return policy


class PoliciesOnDemand(dict[str, ManagedPolicy]):
    """moto's table of managed policies, in which each of AWS's own appears when it is asked for."""

    def __init__(self, backend: IAMBackend) -> None:
        super().__init__()
        self._backend = backend

    def __missing__(self, arn: str) -> ManagedPolicy:
        policy = _load(arn, self._backend.region_name) if arn.startswith(_PREFIX) else None
        if policy is None:
            raise KeyError(arn)
        self._backend.aws_managed_policies.append(policy)
        self[arn] = policy
        return policy

    def get(self, arn: str, default: Any = None) -> Any:
        """As a dict's, and loads."""
        with suppress(KeyError):
            return self[arn]
        return default

    def __contains__(self, arn: object) -> bool:
        return isinstance(arn, str) and self.get(arn) is not None


def install(backend: IAMBackend) -> None:
    """Let the backend of a new account find and attach AWS's own policies."""
    table = PoliciesOnDemand(backend)
    backend.managed_policies = table
    for name in ("attach_role_policy", "attach_user_policy", "attach_group_policy"):
        setattr(backend, name, _loading(table, getattr(backend, name)))


def _loading(table: PoliciesOnDemand, attach: Callable[..., None]) -> Callable[..., None]:
    def attach_loaded(policy_arn: str, *args: Any, **kwargs: Any) -> None:
        # moto looks through the policies that it has instead of asking for the one.
        table.get(policy_arn)
        attach(policy_arn, *args, **kwargs)

    return attach_loaded
