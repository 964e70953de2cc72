"""Whether a thing is as a plan wanted it: what AWS gives by itself does not count."""

import re
from typing import Any, NamedTuple

import msgspec

ASSIGNED = frozenset(
    {
        "CreateDate",
        "RoleId",
        "PolicyId",
        "InstanceProfileId",
        "revision",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "requiresAttributes",
        "compatibilities",
        "creationTime",
        "storedBytes",
        "PermissionsBoundaryType",
        "PolicyVersionList",
        "CreationDate",
        "LastModificationDate",
        "lastModified",
    }
)
"""Members that AWS fills in, so that no plan foresees them. Of a policy's versions the default one counts,
which is a member of its own."""

_DOCUMENTS = frozenset({"AssumeRolePolicyDocument", "PolicyDocument", "Document", "Policy", "policy"})
_DEFAULTS = (("rootDirectory", "/"),)
"""What ECS writes where nothing is said (of an EFS volume)."""

_ROOT = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):root")
"""What IAM makes of the id of an account that is named as a principal (IAM User Guide, "AWS JSON policy
elements: Principal")."""

_EMPTY: tuple[Any, ...] = (None, "", [], {}, False, 0)


class Difference(NamedTuple):
    """A member of a target: what it was when the plan was made, what it is, what the plan wants."""

    target: str
    path: str
    was: Any
    now: Any
    wanted: Any


def unlike(wanted: Any, now: Any) -> tuple[str, ...]:
    """The paths of the members that are not as wanted; an empty one where there is no such thing at all."""
    wanted, now = normal(wanted), normal(now)
    if isinstance(wanted, dict) and isinstance(now, dict) and "DefaultVersionId" in wanted:
        # A managed policy: AWS numbers versions. The text counts, the number where the text is not known.
        idle = "DefaultVersionId" if "Document" in wanted else "Document"
        for side in (wanted, now):
            side.pop(idle, None)
    return tuple(".".join(path) for path in _unlike(wanted, now, ()))


def three_way(target: str, was: Any, now: Any, wanted: Any) -> tuple[Difference, ...]:
    """What differs between a target as it was and as it is, next to what the plan wants of it: its record, or
    in words."""
    was, now, wanted = _by_name(was), _by_name(now), _by_name(wanted)
    return tuple(
        Difference(target, ".".join(path), _at(was, path), _at(now, path), _at(wanted, path))
        for path in _unlike(was, now, ())
    )


def _by_name(value: Any) -> Any:
    """Lists of things that have names as objects of them, so that single ones can be told apart."""
    if isinstance(value, dict):
        return {key: _by_name(one) for key, one in value.items()}
    if isinstance(value, list) and value:
        for key in ("PolicyName", "VersionId", "name", "Id"):
            if all(isinstance(one, dict) and key in one for one in value):
                named = {str(one[key]): one for one in value}
                return named if len(named) == len(value) else value
    return value


def normal(value: Any, name: str = "") -> Any:
    """A value without what AWS fills in and what says nothing; documents as what they mean."""
    if isinstance(value, dict):
        kept = {key: normal(one, key) for key, one in value.items() if key not in ASSIGNED}
        return {key: one for key, one in kept.items() if one not in _EMPTY and (key, one) not in _DEFAULTS}
    if isinstance(value, list | tuple):
        listed = [normal(one) for one in value]
        if all(isinstance(one, dict) for one in listed):
            return sorted(listed, key=lambda one: msgspec.json.encode(one, order="sorted"))
        return listed
    if isinstance(value, str) and name in _DOCUMENTS:
        return meaning(value)
    return value


def meaning(document: str) -> Any:
    """A policy document by what it says: spaces, the order of members and lists of one do not count."""
    try:
        return _single(msgspec.json.decode(document))
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return document


def _single(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _single(one) for key, one in value.items()}
    if isinstance(value, list):
        listed = [_single(one) for one in value]
        if len(listed) == 1:
            return listed[0]
        return sorted(listed, key=lambda one: msgspec.json.encode(one, order="sorted"))
    if isinstance(value, str) and (root := _ROOT.fullmatch(value)):
        return root[1]
    return value


def _unlike(one: Any, other: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    if one == other:
        return []
    if isinstance(one, dict) and isinstance(other, dict):
        keys = dict.fromkeys((*one, *other))
        return [found for key in keys for found in _unlike(one.get(key), other.get(key), (*path, key))]
    return [path]


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path if not isinstance(value, str) else ():
        value = value.get(key) if isinstance(value, dict) else None
    return value
