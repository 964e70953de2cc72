"""Policy tests: JSON Lines of policies and a request in, JSON Lines of results out.

The format is described in docs/policy-tests.md. Lines are answered in order, as they come; a line that cannot
be read gives the result ERROR with a message and the batch goes on."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from .document import PolicyDocument, document_from_data, parse_document
from .evaluation import Decision, evaluate
from .layers import Layers, Policy, PolicySet
from .principals import ANONYMOUS
from .request import Request
from .resources import PolicyKind

CHUNK = 256
"""Lines handed to a worker at a time."""

BLOCKED_BY_NAMES = {"boundary": "pb", "s3-block-public-access": "s3-bpa"}


class BatchRequest(msgspec.Struct, frozen=True):
    """The `request` of a line."""

    principal: str | dict[str, Any]
    action: str
    resource: str = "*"
    resource_account: str | None = None
    context: dict[str, Any] | None = None
    wildcard_only_action: bool | None = None


class Level(msgspec.Struct, frozen=True):
    """One level of an organization: the root, a unit or the account."""

    id: str = ""
    policies: list[Any] = []


class BatchCase(msgspec.Struct, frozen=True):
    """A line: policies as JSON objects, the request, and for a test what is expected of it."""

    request: BatchRequest
    id: str | int | None = None
    name: str = ""
    identity_policies: list[Any] | None = None
    resource_policy: Any = None
    boundary: list[Any] | None = None
    session_policy: Any = None
    vpc_endpoint_policies: list[Any] | None = None
    scps: list[Level] | None = None
    rcps: list[Level] | None = None
    settings: dict[str, Any] | None = None
    mode: str = "strict"
    expected: str | None = None
    expected_effect: str | None = None


class BatchResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of results. `result`: Allowed, ExplicitlyDenied, ImplicitlyDenied, Depends or ERROR."""

    id: str | int | None
    result: str
    blocked_by: tuple[str, ...] = ()
    missing_context: tuple[str, ...] = ()
    error: str = ""
    ok: bool | None = None


_decoder = msgspec.json.Decoder(BatchCase)
_encoder = msgspec.json.Encoder()


def build(case: BatchCase) -> tuple[Layers, Request]:
    """The layers and the request of a line."""
    request = Request(
        principal=_principal(case.request.principal),
        action=case.request.action,
        resource=case.request.resource,
        context=case.request.context or {},
        resource_account=case.request.resource_account,
        wildcard_only=case.request.wildcard_only_action,
        mode="possible" if case.mode == "possible" else "concrete",
    )
    s3 = (case.settings or {}).get("s3") or {}
    layers = Layers(
        _policies("identity", case.identity_policies or []),
        resource=None if case.resource_policy is None else _policies("resource", [case.resource_policy]),
        boundary=_policies("boundary", case.boundary) if case.boundary else None,
        session=None if case.session_policy is None else _policies("session", [case.session_policy]),
        scps=[_policies("scp", level.policies, level.id) for level in case.scps or ()],
        rcps=[_policies("rcp", level.policies, level.id) for level in case.rcps or ()],
        endpoint=_policies("vpce", case.vpc_endpoint_policies) if case.vpc_endpoint_policies else None,
        block_public_access=bool(s3.get("blockPublicAccess")),
    )
    return layers, request


def _policies(kind: PolicyKind, documents: list[Any], level: str = "") -> PolicySet:
    names = f"{level + ' ' if level else ''}{kind} policy"
    return PolicySet(
        kind,
        [
            Policy(f"{names} {number}" if len(documents) > 1 else names, _document(document))
            for number, document in enumerate(documents, 1)
        ],
    )


def _document(document: Any) -> PolicyDocument:
    """A policy as an object, or as the text of one."""
    return parse_document(document) if isinstance(document, str) else document_from_data(document)


def _principal(principal: str | dict[str, Any]) -> str:
    """A principal as text, or as an object: `{"type": "Anonymous"}`, `{"AWS": "…"}`, `{"type": …, "value":
    …}`."""
    if isinstance(principal, str):
        return principal
    if str(principal.get("type", "")).lower() == "anonymous":
        return ANONYMOUS
    named = [
        value for key, value in principal.items() if key in ("AWS", "Service", "Federated", "value", "arn")
    ]
    return named[0] if named and isinstance(named[0], str) else ANONYMOUS


def decide(case: BatchCase) -> Decision:
    """The decision of a line."""
    return evaluate(*build(case))


def run_case(case: BatchCase) -> BatchResult:
    """The result of a line; `ok` says whether it is the expected one, None where none is expected."""
    decision = decide(case)
    blocked = tuple(BLOCKED_BY_NAMES.get(name, name) for name in decision.blocked_by)
    return BatchResult(
        case.id, decision.outcome, blocked, decision.missing_context, "", as_expected(case, decision)
    )


def as_expected(case: BatchCase, decision: Decision) -> bool | None:
    """Whether a decision is the one that a test expects. `Denied` expects either kind of denial."""
    if case.expected is not None and case.expected != "Denied":
        return decision.outcome == case.expected
    if case.expected == "Denied" or case.expected_effect is not None:
        return decision.allowed == (case.expected_effect == "allow")
    return None


def run_line(line: bytes | str) -> BatchResult:
    """The result of a line of text."""
    try:
        case = _decoder.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError) as error:
        return BatchResult(_id_of(line), "ERROR", error=f"cannot read the line: {error}")
    return run_case(case)


def _id_of(line: bytes | str) -> str | int | None:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        return None
    identifier = found.get("id") if isinstance(found, dict) else None
    return identifier if isinstance(identifier, (str, int)) else None


def run_batch(lines: Iterable[bytes | str], jobs: int = 1) -> Iterator[bytes]:
    """Answer every line that is not blank, in order, one encoded JSON line each, without its line break.

    `jobs` is the number of processes; 1 works in this one. Memory stays within a few chunks of lines.
    """
    wanted = (line for line in lines if line.strip())
    if jobs <= 1:
        for line in wanted:
            yield _encoder.encode(run_line(line))
        return
    # The pool reads ahead as far as it can: the semaphore holds it to a few chunks a worker.
    ahead = threading.Semaphore(jobs * 4)
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for chunk in pool.imap(_run_chunk, _chunks(wanted, ahead)):
            ahead.release()
            yield from chunk


def _chunks(lines: Iterator[bytes | str], ahead: threading.Semaphore) -> Iterator[list[bytes | str]]:
    while chunk := list(islice(lines, CHUNK)):
        ahead.acquire()
        yield chunk


def _run_chunk(lines: list[bytes | str]) -> list[bytes]:
    return [_encoder.encode(run_line(line)) for line in lines]
