"""The names of AWS's own managed policies.

An account tells only of those it uses. The list beside this module is that of moto 5 (1,582 policies), which
takes them from AWS; a policy that AWS has added since can be attached by its ARN all the same.
"""

from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def _paths() -> tuple[str, ...]:
    text = (files("ecsiam_tui.policy") / "aws_managed.txt").read_text(encoding="ascii")
    return tuple(text.split())


def aws_managed_arns(partition: str = "aws") -> tuple[str, ...]:
    """The ARNs of AWS's managed policies, sorted; some are not there in other partitions than `aws`."""
    return tuple(f"arn:{partition}:iam::aws:policy/{path}" for path in _paths())
