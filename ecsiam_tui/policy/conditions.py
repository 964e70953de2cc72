"""Condition operators, compiled.

IAM User Guide, "IAM JSON policy elements: Condition operators", "Multivalued context keys" and "Variables and
tags". Conditions of a statement, keys of an operator: AND. Values of a key: OR; of a negated operator: NOR.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import patterns, values
from .document import Condition
from .global_keys import GLOBAL_KEYS
from .patterns import Lookup, Tokens
from .truth import MAYBE, NO, YES, Truth

Test = Callable[[str, Lookup], Truth]
"""Whether a value of the request matches any value of the policy."""


class Operator(NamedTuple):
    """An operator without qualifier and IfExists: how it compares, and whether it is the negation of that."""

    family: str
    negated: bool = False
    ignore_case: bool = False
    comparison: str = "=="


OPERATORS: dict[str, Operator] = {
    "stringequals": Operator("string"),
    "stringnotequals": Operator("string", negated=True),
    "stringequalsignorecase": Operator("string", ignore_case=True),
    "stringnotequalsignorecase": Operator("string", negated=True, ignore_case=True),
    "stringlike": Operator("like"),
    "stringnotlike": Operator("like", negated=True),
    "numericequals": Operator("numeric"),
    "numericnotequals": Operator("numeric", negated=True),
    "numericlessthan": Operator("numeric", comparison="<"),
    "numericlessthanequals": Operator("numeric", comparison="<="),
    "numericgreaterthan": Operator("numeric", comparison=">"),
    "numericgreaterthanequals": Operator("numeric", comparison=">="),
    "dateequals": Operator("date"),
    "datenotequals": Operator("date", negated=True),
    "datelessthan": Operator("date", comparison="<"),
    "datelessthanequals": Operator("date", comparison="<="),
    "dategreaterthan": Operator("date", comparison=">"),
    "dategreaterthanequals": Operator("date", comparison=">="),
    "bool": Operator("bool"),
    "binaryequals": Operator("binary"),
    "ipaddress": Operator("ip"),
    "notipaddress": Operator("ip", negated=True),
    "arnequals": Operator("arn"),
    "arnlike": Operator("arn"),
    "arnnotequals": Operator("arn", negated=True),
    "arnnotlike": Operator("arn", negated=True),
    "null": Operator("null"),
}

_COMPARE: dict[str, Callable[[int | float, int | float], bool]] = {
    "==": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_READERS: dict[str, Callable[[str], int | float | None]] = {"numeric": values.number, "date": values.date}


class ParsedOperator(NamedTuple):
    """An operator as written: qualifier in lower case (`forallvalues`, `foranyvalue` or empty), name,
    IfExists."""

    qualifier: str
    name: str
    if_exists: bool
    operator: Operator | None


def parse_operator(text: str) -> ParsedOperator:
    """Take an operator apart. `operator` is None for one that AWS does not have (Null takes no IfExists)."""
    lowered = text.lower()
    qualifier, colon, name = lowered.rpartition(":")
    if_exists = name.endswith("ifexists")
    if if_exists:
        name = name.removesuffix("ifexists")
    known = OPERATORS.get(name)
    if (colon and qualifier not in ("forallvalues", "foranyvalue")) or (if_exists and name == "null"):
        known = None
    return ParsedOperator(qualifier, name, if_exists, known)


class CompiledCondition:
    """One key of one operator, ready to be evaluated. `source` is the condition as written."""

    __slots__ = ("_all_malformed", "_multivalued", "_test", "absent", "key", "parsed", "source")

    def __init__(self, source: Condition, variables: bool) -> None:
        self.source = source
        self.key = source.key.lower()
        self.parsed = parse_operator(source.operator)
        self._all_malformed = False
        operator = self.parsed.operator
        self.absent: Truth = NO
        self._test: Test = _never
        if operator is None:
            return
        self.absent = self._when_absent(operator)
        # A "null data set, such as an empty string": "Multivalued context keys".
        self._multivalued = GLOBAL_KEYS.get(self.key, "").startswith("ArrayOf")
        if operator.family == "null":
            self.absent = YES if any(values.boolean(value) is True for value in source.values) else NO
        else:
            self._test = self._compile(operator, variables)

    def _when_absent(self, operator: Operator) -> Truth:
        """A key that is not there: IfExists and ForAllValues are true, ForAnyValue is false, a negated
        operator is true, any other false."""
        if self.parsed.if_exists or self.parsed.qualifier == "forallvalues":
            return YES
        if self.parsed.qualifier == "foranyvalue":
            return NO
        return YES if operator.negated else NO

    def evaluate(self, lookup: Lookup) -> Truth:
        """Whether the condition holds for a request."""
        operator = self.parsed.operator
        if operator is None:
            return NO
        found = lookup(self.key)
        if found is True:
            return MAYBE
        if operator.family == "null":
            if not found or (self._multivalued and not any(found)):
                return self.absent
            return YES if any(values.boolean(value) is False for value in self.source.values) else NO
        if not found:
            return self.absent
        return self._judge(operator, found, lookup)

    def _judge(self, operator: Operator, found: tuple[str, ...], lookup: Lookup) -> Truth:
        qualifier = self.parsed.qualifier
        if qualifier and not any(found):
            # "If the key values in the request resolve to an empty data set (for example, an empty string)".
            return YES if qualifier == "forallvalues" else NO
        if self._all_malformed:
            return NO
        results = [self._test(value, lookup) for value in found]
        if operator.negated and (operator.family in _READERS or operator.family == "ip"):
            pairs = zip(found, results, strict=True)
            results = [YES - result if _well_formed(operator, value) else NO for value, result in pairs]
        elif operator.negated:
            results = [YES - result for result in results]
        if qualifier == "forallvalues":
            return min(results)
        if qualifier == "foranyvalue" or not operator.negated:
            return max(results)
        return min(results)

    def _compile(self, operator: Operator, variables: bool) -> Test:
        family = operator.family
        written = self.source.values
        if family in _READERS:
            read = _READERS[family]
            wanted = [typed for value in written if (typed := read(value)) is not None]
            self._all_malformed = bool(written) and not wanted
            return _compare_test(read, wanted, _COMPARE[operator.comparison])
        if family == "ip":
            networks = [known for value in written if (known := values.network(value)) is not None]
            self._all_malformed = bool(written) and not networks
            return _network_test(networks)
        if family == "binary":
            return _binary_test(written)
        if family == "bool":
            return _text_test(written, variables, _fold_boolean)
        if family == "string":
            return _text_test(written, variables, str.lower if operator.ignore_case else str)
        return _pattern_test(written, variables, arn=family == "arn")


def _well_formed(operator: Operator, value: str) -> bool:
    """A value of the request that is not of the operator's type fulfils no condition, negated or not."""
    if operator.family == "ip":
        return values.network(value) is not None
    return _READERS[operator.family](value) is not None


def _never(value: str, lookup: Lookup) -> Truth:
    del value, lookup
    return NO


def _compare_test(
    read: Callable[[str], int | float | None],
    wanted: list[int | float],
    compare: Callable[[int | float, int | float], bool],
) -> Test:
    def test(value: str, _: Lookup) -> Truth:
        known = read(value)
        return YES if known is not None and any(compare(known, other) for other in wanted) else NO

    return test


def _network_test(networks: list[values.Network]) -> Test:
    def test(value: str, _: Lookup) -> Truth:
        known = values.network(value)
        return YES if known is not None and any(values.contains(outer, known) for outer in networks) else NO

    return test


def _binary_test(written: tuple[str, ...]) -> Test:
    wanted = {known for value in written if (known := values.binary(value)) is not None}

    def test(value: str, _: Lookup) -> Truth:
        # A request's binary value is given as base64, or as the text itself.
        return YES if value.encode() in wanted or values.binary(value) in wanted else NO

    return test


def _fold_boolean(value: str) -> str:
    known = values.boolean(value)
    # A text that is no boolean equals nothing, itself included.
    return "" if known is None else str(known)


def _text_test(written: tuple[str, ...], variables: bool, fold: Callable[[str], str]) -> Test:
    """Equality after folding. A value whose variable is unset equals nothing."""
    tokenized = [patterns.tokenize(value, variables, wildcards=False) for value in written]
    static = {fold(patterns.plain_text(tokens)) for tokens in tokenized if not patterns.has_variables(tokens)}
    dynamic = [tokens for tokens in tokenized if patterns.has_variables(tokens)]
    if fold is _fold_boolean:
        static.discard("")

    def test(value: str, lookup: Lookup) -> Truth:
        folded = fold(value)
        if folded in static:
            return YES
        result: Truth = NO
        for tokens in dynamic:
            if not patterns.widest(tokens)(value):
                continue
            resolved = patterns.resolve(tokens, lookup)
            if resolved == MAYBE:
                result = MAYBE
            elif resolved != NO:
                other = fold(patterns.plain_text(resolved))  # type: ignore[arg-type]
                if other == folded and (other or fold is not _fold_boolean):
                    return YES
        return result

    return test


def _matcher(tokens: Tokens, arn: bool) -> Callable[[str], object] | None:
    """A bare `*` matches any ARN; anything else that is not an ARN matches none."""
    if arn and tokens != (patterns.Wildcard("*"),):
        return patterns.arn_glob(tokens)
    return patterns.glob(tokens)


def _pattern_test(written: tuple[str, ...], variables: bool, arn: bool) -> Test:
    tokenized = [patterns.tokenize(value, variables) for value in written]
    static = [
        matcher
        for tokens in tokenized
        if not patterns.has_variables(tokens) and (matcher := _matcher(tokens, arn)) is not None
    ]
    dynamic = [tokens for tokens in tokenized if patterns.has_variables(tokens)]

    def test(value: str, lookup: Lookup) -> Truth:
        if any(matcher(value) for matcher in static):
            return YES
        result: Truth = NO
        for tokens in dynamic:
            if not patterns.widest(tokens)(value):
                continue
            resolved = patterns.resolve(tokens, lookup)
            if resolved == MAYBE:
                result = MAYBE
            elif resolved != NO:
                matcher = _matcher(resolved, arn)  # type: ignore[arg-type]
                if matcher is not None and matcher(value):
                    return YES
        return result

    return test
