"""What was read from an AWS account, as frozen records.

`records` holds what every record is; `ecs`, `iam`, `compute`, `launchers` and `resources` hold the
records, each in the words and the shape of AWS's own API; `snapshot` puts them together with what could
*not* be read; `files` saves and loads; `redact` keeps secret values out before a record exists.
"""

from ecsiam_tui.account.snapshot import CallerIdentity, Gap, GapReason, Organization, Snapshot

__all__ = ["CallerIdentity", "Gap", "GapReason", "Organization", "Snapshot"]
