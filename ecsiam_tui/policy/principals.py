"""Who makes a request, and whether a Principal or NotPrincipal element names them.

IAM User Guide, "AWS JSON policy elements: Principal" and "…: NotPrincipal". How a principal is named decides
what else limits it (see `evaluation`), so a match says which way it was named."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import msgspec

from .document import Principal, Statement

ANONYMOUS = "*"
"""The principal of an unsigned request."""

PrincipalKind = Literal[
    "user", "role", "session", "federated-user", "root", "service", "federated", "anonymous"
]

# How an element names a principal, from no way to the most direct one.
NOT_NAMED = 0
BY_ACCOUNT = 1  # the account, which then decides by its identity policies
BY_ROLE = 2  # the role of a session, or the user of a federated session
DIRECTLY = 3  # the user, the session, the service, or everyone

_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws\.internal)")


class RequestPrincipal(msgspec.Struct, frozen=True):
    """A principal taken apart. `name` is the friendly name of user, role or federated user; `account` is
    empty for services, identity providers and anonymous requests."""

    text: str
    kind: PrincipalKind
    account: str = ""
    name: str = ""
    path: str = "/"
    partition: str = "aws"

    @property
    def is_iam(self) -> bool:
        """Whether identity-based policies can allow anything to it."""
        return bool(self.account)

    @property
    def is_service_linked(self) -> bool:
        """Service-linked roles stand outside SCPs and RCPs. AWS Organizations User Guide, "SCP effects on
        permissions" and "Resources and entities not restricted by RCPs"."""
        if self.kind == "role":
            return self.path.startswith("/aws-service-role/")
        return self.kind == "session" and self.name.startswith("AWSServiceRoleFor")

    @property
    def role_arn_suffix(self) -> str:
        """The role's name in lower case for a role or a session; role names do not differ by case alone."""
        return self.name.lower() if self.kind in ("role", "session") else ""


@lru_cache(maxsize=65536)
def parse_principal(text: str) -> RequestPrincipal:
    """Take a request's principal apart: an IAM or STS ARN, a service name, an identity provider, or
    ANONYMOUS."""
    if text in ("", ANONYMOUS, "anonymous"):
        return RequestPrincipal(ANONYMOUS, "anonymous")
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        if re.fullmatch(r"\d{12}", text):
            return RequestPrincipal(f"arn:aws:iam::{text}:root", "root", text, "root")
        return RequestPrincipal(text, "service" if _SERVICE.fullmatch(text) else "federated")
    _, partition, service, _, account, resource = parts
    kind, _, rest = resource.partition("/")
    path, _, name = f"/{rest}".rpartition("/")
    if service == "iam" and kind in ("user", "role"):
        return RequestPrincipal(
            text, "user" if kind == "user" else "role", account, name, path + "/", partition
        )
    if service == "iam" and resource == "root":
        return RequestPrincipal(text, "root", account, "root", "/", partition)
    if service == "sts" and kind == "assumed-role":
        return RequestPrincipal(text, "session", account, rest.split("/", 1)[0], "/", partition)
    if service == "sts" and kind == "federated-user":
        return RequestPrincipal(text, "federated-user", account, name, "/", partition)
    return RequestPrincipal(text, "federated", "", rest)


class PrincipalMatcher:
    """The Principal or NotPrincipal element of one statement."""

    __slots__ = ("_entries", "_everyone", "negated")

    def __init__(self, statement: Statement) -> None:
        self.negated = bool(statement.not_principals)
        entries = statement.not_principals if self.negated else statement.principals
        self._everyone = any(_is_everyone(entry) for entry in entries)
        self._entries = entries

    @property
    def names_everyone(self) -> bool:
        """Whether the element itself limits nobody: `*`, or NotPrincipal."""
        return self._everyone or self.negated

    def named(self, principal: RequestPrincipal, user_id: str) -> int:
        """The most direct way in which the element (read as Principal) names the principal. `user_id` is the
        value of aws:userid, with which unique ids are compared; empty where it is not known."""
        if self._everyone:
            return DIRECTLY
        best = NOT_NAMED
        for entry in self._entries:
            best = max(best, _named(entry, principal, user_id))
            if best == DIRECTLY:
                break
        return best

    def matches(self, principal: RequestPrincipal, user_id: str, effect: str, bounded: bool) -> int:
        """How the statement applies to the principal, NOT_NAMED where it does not.

        `bounded` says that the principal has a permissions boundary: "The NotPrincipal element with a Deny
        effect will always deny any IAM principal that has a permissions boundary policy attached, regardless
        of the values specified" (IAM User Guide, "NotPrincipal")."""
        named = self.named(principal, user_id)
        if not self.negated:
            return named
        if effect == "Deny":
            if bounded:
                return DIRECTLY
            # Deny excepts "the principal named": an account in the list is there for the sake of its user or
            # role.
            excepted = named in (DIRECTLY, BY_ROLE) or (named == BY_ACCOUNT and self._only_accounts())
            return NOT_NAMED if excepted else DIRECTLY
        return DIRECTLY if named == NOT_NAMED else NOT_NAMED

    def _only_accounts(self) -> bool:
        return all(entry.type != "AWS" or _account_of(entry.value) is not None for entry in self._entries)


def _is_everyone(entry: Principal) -> bool:
    return entry.type == "*" or (entry.type == "AWS" and entry.value == "*")


def _account_of(value: str) -> str | None:
    """The account that a principal entry stands for, None where it names something else than an account."""
    if value.isdigit():
        return value
    parts = value.split(":")
    if len(parts) == 6 and parts[2] == "iam" and parts[5] == "root":
        return parts[4]
    return None


def _named(entry: Principal, principal: RequestPrincipal, user_id: str) -> int:
    value = entry.value
    if entry.type in ("Service", "Federated"):
        # Some identity providers have names like services (cognito-identity.amazonaws.com): the text decides.
        same_kind = principal.kind == entry.type.lower()
        named = principal.text == value and principal.kind in ("service", "federated")
        return DIRECTLY if named or (value == "*" and same_kind) else NOT_NAMED
    if entry.type != "AWS" or not principal.is_iam:
        # A canonical user id is an account's; a request does not say it.
        return NOT_NAMED
    if value == principal.text:
        return BY_ROLE if principal.kind == "role" else DIRECTLY
    account = _account_of(value)
    if account is not None:
        if account != principal.account or (account != value and value.split(":")[1] != principal.partition):
            return NOT_NAMED
        return DIRECTLY if principal.kind == "root" else BY_ACCOUNT
    if _UNIQUE_ID.fullmatch(value):
        if not user_id or user_id.split(":", 1)[0] != value:
            return NOT_NAMED
        return BY_ROLE if principal.kind in ("role", "session") else DIRECTLY
    return _named_by_arn(value, principal)


def _named_by_arn(value: str, principal: RequestPrincipal) -> int:
    """A session is named by its role, a federated session by its user."""
    if principal.kind not in ("session", "federated-user"):
        return NOT_NAMED
    other = parse_principal(value)
    if other.account != principal.account or other.partition != principal.partition:
        return NOT_NAMED
    if principal.kind == "session" and other.kind == "role":
        return BY_ROLE if other.role_arn_suffix == principal.role_arn_suffix else NOT_NAMED
    if principal.kind == "federated-user" and other.kind == "user":
        return BY_ROLE if other.name == principal.name else NOT_NAMED
    return NOT_NAMED
