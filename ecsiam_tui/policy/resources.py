"""The Resource and NotResource elements, compiled.

Rules: IAM User Guide, "IAM JSON policy elements: Resource" (wildcards stay inside ARN segments; a `*` that
ends the ARN reaches over colons), "…: NotResource", and "Variables and tags". Three kinds of question are
answered:

- a resource named by its ARN; - an action that supports no resource-level permission: only `*` in Resource
covers it; - `*` as the resource of an action that has resources: *is there a resource* for which the
statement applies (Allow), or *does it apply to every resource* (Deny)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal as Choice

from . import catalogue, patterns
from .patterns import Lookup, Tokens
from .truth import MAYBE, NO, YES, Truth

PolicyKind = Choice["identity", "resource", "boundary", "session", "scp", "rcp", "vpce"]
Matcher = Callable[[str], object]

_STAR = patterns.Wildcard("*")

_PADDED_KINDS = frozenset({"identity", "boundary", "session", "vpce"})


class ResourceMatcher:
    """The patterns of one statement. `everything` is set where it applies to every resource without
    looking."""

    __slots__ = ("_dynamic", "_invalid", "_negated", "_patterns", "_static", "everything", "fast")

    def __init__(self, resources: tuple[str, ...], negated: bool, kind: PolicyKind, variables: bool) -> None:
        self._patterns = resources
        self._negated = negated
        universal = any(patterns.is_universal(pattern) for pattern in resources)
        self.everything = universal and not negated
        exact: list[str] = []
        prefixes: list[str] = []
        globs: list[Matcher] = []
        self._dynamic: list[Tokens] = []
        self._invalid = False
        for pattern in resources:
            if patterns.is_universal(pattern):
                continue
            if is_plain(pattern):
                (prefixes if pattern.endswith("*") else exact).append(pattern.removesuffix("*"))
                continue
            tokens = patterns.tokenize(pattern, variables)
            padded = _pad(tokens, kind)
            if padded is not tokens and not negated:
                self._add(tokens, exact, globs)
            if padded is None:
                self._invalid = self._invalid or (negated and kind != "resource")
            elif padded is tokens or not negated or pattern.endswith("*"):
                self._add(padded, exact, globs)
            else:
                self._invalid = True
        self._static = _union(exact, prefixes, globs, universal)
        # A matcher that needs nothing but the resource, for the statements that allow it.
        self.fast: Matcher | None = None
        if not self._dynamic and not self._invalid:
            self.fast = self._static if not negated else _inverse(self._static)

    def _add(self, tokens: Tokens, exact: list[str], globs: list[Matcher]) -> None:
        if patterns.has_variables(tokens):
            self._dynamic.append(tokens)
            return
        if _wild_type(tokens):
            return
        wildcards = [n for n, token in enumerate(tokens) if isinstance(token, patterns.Wildcard)]
        if not wildcards:
            exact.append(patterns.plain_text(tokens))
            return
        globs.append(patterns.resource_glob(tokens))

    def matches(self, resource: str, lookup: Lookup) -> Truth:
        """Whether the element covers a resource named by its ARN."""
        if self.everything:
            return YES
        if self._negated:
            # A pattern without a meaning (a variable without a value, an ARN cut short) makes the element
            # match nothing.
            if self._invalid or self._static(resource):
                return NO
        elif self._static(resource):
            return YES
        maybe = False
        for tokens in self._dynamic:
            resolved = patterns.resolve(tokens, lookup)
            if resolved == MAYBE:
                # A negated element matches nothing if the variable turns out to be unset.
                could = patterns.same_head if self._negated else _within_reach
                maybe = maybe or could(tokens, resource)
            elif resolved == NO:
                # Of another service or account it is not about this resource, whatever its variable is.
                if self._negated and patterns.same_head(tokens, resource):
                    return NO
            elif patterns.resource_glob(resolved)(resource):
                return NO if self._negated else YES
        if maybe:
            return MAYBE
        return YES if self._negated else NO

    def covers_account_level(self, action: str) -> Truth:
        """For an action (lower case) without resource-level permission."""
        service = action.partition(":")[0]
        covers = any(patterns.covers_account(pattern, service) for pattern in self._patterns)
        return YES if covers != self._negated else NO

    def covers_any(self, action: str, effect: str) -> Truth:
        """For `*` as the resource: some resource that the action (lower case) takes, as far as the catalogue
        knows (Allow), every resource (Deny)."""
        universal = any(patterns.is_universal(pattern) for pattern in self._patterns)
        if effect == "Deny":
            return YES if universal and not self._negated else NO
        if universal or self._negated:
            return NO if universal and self._negated else YES
        return YES if any(catalogue.can_be_about(action, pattern) for pattern in self._patterns) else NO


def _within_reach(tokens: Tokens, resource: str) -> bool:
    return patterns.widest(tokens)(resource) is not None


def _union(exact: list[str], prefixes: list[str], globs: list[Matcher], universal: bool) -> Matcher:
    if universal:
        return lambda _: True
    starts = tuple(prefixes)
    if not globs:
        if not starts and len(exact) == 1:
            return exact[0].__eq__
        if not starts:
            return frozenset(exact).__contains__
        if not exact:
            return lambda resource: resource.startswith(starts)
    if len(globs) == 1 and not exact and not starts:
        return globs[0]
    return lambda resource: (
        resource in exact or resource.startswith(starts) or any(matcher(resource) for matcher in globs)
    )


def is_plain(pattern: str) -> bool:
    """A whole ARN without wildcards or variables, or with the one wildcard `*` at its end."""
    star = pattern.find("*")
    literal = pattern if star < 0 else pattern[:star]
    return (
        star in (-1, len(pattern) - 1)
        and "?" not in literal
        and "${" not in literal
        and literal.count(":") >= 5
        and not (star > 0 and ":iam:" in literal and "/" not in literal)
    )


def _inverse(matcher: Matcher) -> Matcher:
    return lambda resource: not matcher(resource)


def _pad(tokens: Tokens, kind: PolicyKind) -> Tokens | None:
    """An ARN with fewer than six segments, made whole; the tokens themselves where it is whole; None where it
    matches nothing.

    AWS documents that a `*` at the end reaches over colons. What a shorter ARN does otherwise differs by the
    kind of policy and is not documented; this follows what the services are seen to do: policies of IAM fill
    the rest with wildcards, resource policies only where there is a wildcard, SCPs and RCPs only after a
    final `*`."""
    segments = patterns.split_segments(tokens)
    if len(segments) >= 6:
        return tokens
    last_is_star = tokens[-1:] == (_STAR,)
    if kind not in _PADDED_KINDS:
        any_wildcard = any(isinstance(token, patterns.Wildcard) for token in tokens)
        if not (any_wildcard if kind == "resource" else last_is_star):
            return None
    filler = (patterns.Literal(":"), _STAR)
    return tokens + filler * (6 - len(segments))


def _wild_type(tokens: Tokens) -> bool:
    """Whether a wildcard stands where AWS takes none, so that the pattern matches nothing: instead of a
    resource type that a colon ends, before a name without wildcards (`…:*:12345`); in the type of an IAM
    resource (`arn:aws:iam::123456789012:u*`). "Don't use a wildcard in the user/, group/, or policy part of
    the ARN": IAM User Guide, "IAM identifiers", "Incorrect wildcard usage".

    With wildcards in the name it matches: AWS's own policies count on `arn:aws:logs:*:*:*:/aws-glue/*`
    (AWSGlueServiceRole) and `arn:aws:autoscaling:*:*:*:autoScalingGroupName/eks-*`."""
    segments = patterns.split_segments(tokens)
    if len(segments) < 6:
        return False
    resource = tuple(segments[5])
    if segments[2] == [patterns.Literal("iam")]:
        typed = next((n for n, token in enumerate(resource) if "/" in token[0]), len(resource))
        wild = any(isinstance(token, patterns.Wildcard) for token in resource[:typed])
        return wild and not all(isinstance(token, patterns.Wildcard) for token in resource)
    parts = patterns.split_segments(resource, 2)
    if len(parts) < 2 or not parts[0]:
        return False
    wild = all(isinstance(token, patterns.Wildcard) for token in parts[0])
    return wild and bool(parts[1]) and not any(isinstance(token, patterns.Wildcard) for token in parts[1])


def stands_for_a_type(pattern: str) -> bool:
    """Whether a wildcard of the pattern stands where AWS takes none; the pattern then matches nothing."""
    return _wild_type(patterns.tokenize(pattern, variables=True))
