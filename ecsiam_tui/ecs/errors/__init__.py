"""Error texts of Amazon ECS and of applications on it, explained: is it IAM at all, and whose permission is
missing.

`explain` takes any text; `explain_account` what a snapshot itself tells of (stopped tasks, service events,
failed deployments). The formats are AWS's own messages; where one is documented, the result's `source` says.
"""

from ecsiam_tui.ecs.errors.explained import Category, Explained, Layer, Occurrence
from ecsiam_tui.ecs.errors.explaining import Decode, explain
from ecsiam_tui.ecs.errors.occurrences import explain_account

__all__ = ["Category", "Decode", "Explained", "Layer", "Occurrence", "explain", "explain_account"]
