"""Stage: the account's place in its organization, and the policies that bind it there.

Only the management account and delegated administrators may read these; that others are denied is normal.
"""

from collections.abc import Iterable

from ecsiam_tui.account.records import Json
from ecsiam_tui.account.snapshot import Organization, OrganizationLevel, OrganizationPolicy
from ecsiam_tui.aws import table_launchers as table
from ecsiam_tui.aws.reading import Reading, Stage, flat

_TYPES = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")


def read_organization(reading: Reading) -> None:
    """The organization, the levels from the root down to the account, and the policies on each."""
    reader, home = reading.reader, reading.home_region

    def read(region: str) -> Organization | None:
        answer = reader.ask(table.DESCRIBE_ORGANIZATION, region)
        if answer.data is None:
            return None
        data = answer.data["Organization"]
        return Organization(id=str(data["Id"]), management_account_id=str(data.get("MasterAccountId", "")))

    for found in reading.each(ORGANIZATION.name, table.DESCRIBE_ORGANIZATION, [home], read, str):
        reading.organization = found
    if reading.organization is None or reader.stop is not None:
        return
    levels = reading.each(ORGANIZATION.name, table.LIST_PARENTS, [home], lambda _: _levels(reading), str)
    policies = _policies(reading, (identifier for level in flat(levels) for identifier in level.policy_ids))
    reading.organization = Organization(
        id=reading.organization.id,
        management_account_id=reading.organization.management_account_id,
        levels=tuple(flat(levels)),
        policies=policies,
    )


def _levels(reading: Reading) -> list[OrganizationLevel]:
    reader, home = reading.reader, reading.home_region
    child, name = reading.account_id, reading.account_alias or reading.account_id
    levels = [OrganizationLevel(id=child, name=name, policy_ids=_policy_ids(reading, child))]
    while not child.startswith("r-"):
        parents = reader.items(table.LIST_PARENTS, home, target=child, ChildId=child)
        if not parents:
            # Levels without a root would pass for all there is.
            return []
        child = name = str(parents[0]["Id"])
        if len(levels) > 10:  # AWS allows five levels of organizational units
            return []
        if child.startswith("r-"):
            name = "Root"
        else:
            unit = reader.ask(
                table.DESCRIBE_ORGANIZATIONAL_UNIT, home, target=child, OrganizationalUnitId=child
            )
            name = str(((unit.data or {}).get("OrganizationalUnit") or {}).get("Name") or child)
        levels.insert(0, OrganizationLevel(id=child, name=name, policy_ids=_policy_ids(reading, child)))
    return levels


def _policy_ids(reading: Reading, target: str) -> tuple[str, ...]:
    call, home = table.LIST_POLICIES_FOR_TARGET, reading.home_region
    return tuple(
        str(item["Id"])
        for kind in _TYPES
        for item in reading.reader.items(call, home, target=target, TargetId=target, Filter=kind)
    )


def _policies(reading: Reading, identifiers: Iterable[str]) -> tuple[OrganizationPolicy, ...]:
    call, home = table.DESCRIBE_ORGANIZATION_POLICY, reading.home_region

    def shape(data: Json) -> Json:
        summary = data["PolicySummary"]
        return {
            "id": summary["Id"],
            "arn": summary["Arn"],
            "name": summary["Name"],
            "type": summary["Type"],
            "content": data.get("Content", ""),
            "awsManaged": bool(summary.get("AwsManaged")),
        }

    def read(identifier: str) -> OrganizationPolicy | None:
        answer = reading.reader.ask(call, home, target=identifier, PolicyId=identifier)
        if answer.data is None:
            return None
        data = answer.data.get("Policy")
        return reading.reader.decode(OrganizationPolicy, data, call, home, identifier, shape)

    found = reading.each(
        ORGANIZATION.name, call, sorted(set(identifiers)), read, lambda _: reading.home_region
    )
    return tuple(policy for policy in found if policy is not None)


ORGANIZATION = Stage(
    "Organization",
    (
        table.DESCRIBE_ORGANIZATION,
        table.LIST_PARENTS,
        table.DESCRIBE_ORGANIZATIONAL_UNIT,
        table.LIST_POLICIES_FOR_TARGET,
        table.DESCRIBE_ORGANIZATION_POLICY,
    ),
    read_organization,
)
