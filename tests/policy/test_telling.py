"""Decisions in words: the answer and by what, the layers that matter, near misses, what else is needed."""

from __future__ import annotations

from typing import Any

import pytest

from ecsiam_tui.policy.document import document_from_data
from ecsiam_tui.policy.evaluation import Decision, evaluate
from ecsiam_tui.policy.layers import Layers, Policy, PolicySet
from ecsiam_tui.policy.request import Request
from ecsiam_tui.policy.simulate import Cell, Needs
from ecsiam_tui.policy.telling import HARD, LABEL_WIDTH, ToldLayer, also_needed, reason, tell
from tests.policy.tables import ACCOUNT, OBJECT, OTHER, ROLE, USER, allow, ask, deny, policies, policy

GET = "s3:GetObject"
EVERYTHING = policy(allow(Sid="All"))
EC2 = policy(allow("ec2:*"))
LIST = policy(allow("s3:ListBucket"))
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
IN_EUROPE = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
TLS = {"Bool": {"aws:SecureTransport": "false"}}


def soft(text: str) -> str:
    return text.replace(HARD, " ")


def shown(layer: ToldLayer) -> tuple[str, str, list[str]]:
    return layer.label, layer.word, [*map(soft, layer.statements), *([layer.note] if layer.note else [])]


def unread(**unknown: str) -> Decision:
    layers = Layers(policies("identity", policy(allow("ec2:*"))), unknown=unknown)
    return evaluate(layers, Request(principal=USER, action="s3:GetObject", resource=OBJECT))


@pytest.mark.parametrize(
    ("decision", "word", "by"),
    [
        (ask(allow()), "allowed", "by an identity-based policy"),
        (ask(own=policy(allow(Principal={"AWS": USER}))), "allowed", "by the resource-0"),
        (
            ask(allow(), own=policy(allow(Principal={"AWS": USER})), owner=OTHER),
            "allowed",
            "by an identity-based policy and the resource-0",
        ),
        (ask(principal=ROOT), "allowed", "the account's root user has full access"),
        (ask(), "denied", "no identity-based policy allows it"),
        (ask(allow("ec2:*")), "denied", "no identity-based policy allows it"),
        (ask(allow(), owner=OTHER), "denied", "no resource-based policy allows it"),
        (
            ask(allow("ec2:*"), owner=OTHER),
            "denied",
            "no identity-based policy allows it, nor does a resource-based policy",
        ),
        (
            ask(allow("ec2:*"), own=policy(allow("kms:*", Principal="*")), owner=OTHER),
            "denied",
            "no identity-based policy allows it, nor does the resource-0",
        ),
        (
            ask(
                allow(),
                action="kms:Decrypt",
                resource=KEY,
                own=policy(allow("kms:Sign", Principal={"AWS": ROOT})),
            ),
            "denied",
            "the resource-0 does not allow it",
        ),
        (ask(allow(), boundary=EC2), "denied", "by a permissions boundary"),
        (
            ask(allow(), boundary=EC2, session=EC2),
            "denied",
            "by a permissions boundary and a session policy",
        ),
        (
            ask(allow("ec2:*"), scps=[EC2]),
            "denied",
            "by a service control policy; no identity-based policy allows it",
        ),
        (ask(allow(), endpoint=EC2), "denied", "by a VPC endpoint policy"),
        (ask(allow(), deny()), "denied", "by a Deny in an identity-based policy"),
        (
            ask(allow(), deny(), boundary=policy(deny())),
            "denied",
            "by a Deny in an identity-based policy and a permissions boundary",
        ),
        (
            ask(allow(), own=policy(deny(Principal="*"))),
            "denied",
            "by a Deny in the resource-0",
        ),
        (ask(allow(Condition=IN_EUROPE), mode="possible"), "depends", "on aws:RequestedRegion"),
        (unread(identity="the policies of ann"), "depends", "on what was not read"),
    ],
)
def test_the_answer_and_by_what(decision: Decision, word: str, by: str) -> None:
    told = tell(decision)
    assert (told.word, told.by) == (word, by)
    assert (told.action, told.resource) == (decision.request.action, decision.request.resource)
    assert bool(told.aws_message) == (word == "denied")


@pytest.mark.parametrize(
    ("given", "layers"),
    [
        (
            {"scps": [EVERYTHING, EVERYTHING], "rcps": [policy(allow(Principal="*"))]},
            [("organization", "allowed", ["rcp-0, scp-0"])],
        ),
        (
            {"scps": [EVERYTHING, EC2]},
            [("organization", "denied", [f"no SCP statement allows {GET}   scp-0 allows nothing of s3"])],
        ),
        (
            {"scps": [policy(allow(), deny())], "rcps": [policy(allow(Principal="*"))]},
            [("organization", "denied", ["SCP § scp-0 ¶ 2 (lines 9–13)"])],
        ),
        (
            {"principal": LINKED, "scps": [EC2]},
            [("organization", "–", ["service-linked roles stand outside SCPs and RCPs"])],
        ),
        (
            {"endpoint": EVERYTHING},
            [("VPC endpoint", "allowed", ["§ vpce-0 ¶ All (lines 4–9)"])],
        ),
        (
            {"boundary": LIST, "session": EVERYTHING},
            [
                ("boundary", "denied", [f"no statement allows {GET}   boundary-0 has s3:ListBucket only"]),
                ("session", "allowed", ["§ session-0 ¶ All (lines 4–9)"]),
            ],
        ),
    ],
)
def test_layers_around_an_identity(given: dict[str, Any], layers: list[Any]) -> None:
    told = tell(ask(allow(Sid="Mine"), **given))
    mine = ("identity", "allowed", ["§ identity-0 ¶ Mine (lines 4–9)"])
    assert [shown(layer) for layer in told.layers] == [*layers, mine]
    assert all(len(layer.label) <= LABEL_WIDTH for layer in told.layers)


@pytest.mark.parametrize(
    ("decision", "label", "word", "texts"),
    [
        (ask(), "identity", "denied", [f"no statement allows {GET}   there are no policies"]),
        (
            ask(allow(), allow(), allow()),
            "identity",
            "allowed",
            ["§ identity-0 ¶ 1 (lines 4–8)   and 2 more"],
        ),
        (
            ask(allow(), deny(), deny(), deny(), deny()),
            "identity",
            "denied",
            [
                "§ identity-0 ¶ 2 (lines 9–13)",
                "§ identity-0 ¶ 3 (lines 14–18)",
                "§ identity-0 ¶ 4 (lines 19–23)   and 1 more",
            ],
        ),
        (
            ask(allow(), deny(Condition=TLS), context={"aws:SecureTransport": "false"}),
            "identity",
            "denied",
            ["§ identity-0 ¶ 2 (lines 9–18)   condition aws:SecureTransport = false ✓"],
        ),
        (
            ask(allow(Condition=IN_EUROPE), mode="possible"),
            "identity",
            "depends",
            ["§ identity-0 ¶ 1 (lines 4–13) allows if aws:RequestedRegion = eu-west-1"],
        ),
        (
            ask(allow(), deny(Condition=IN_EUROPE), mode="possible"),
            "identity",
            "depends",
            ["§ identity-0 ¶ 2 (lines 9–18) denies if aws:RequestedRegion = eu-west-1"],
        ),
        (unread(identity="the policies of ann"), "identity", "depends", ["on the policies of ann"]),
        (
            ask(allow(), own=policy(allow(Principal={"AWS": ROLE}))),
            "resource",
            "–",
            ["resource-0 says nothing about this user"],
        ),
        (
            ask(allow(), action="kms:Decrypt", resource=KEY, own=policy(allow(Principal={"AWS": ROOT}))),
            "resource",
            "allowed",
            [
                "§ resource-0 ¶ 1 (lines 4–11)",
                "names the account, which leaves it to identity-based policies",
            ],
        ),
        (
            ask(allow(), owner=OTHER),
            "resource",
            "denied",
            [f"the resource is in account {OTHER}: its own policy must allow, and there is none"],
        ),
        (
            ask(principal="*", own=policy(allow(Principal="*")), owner=ACCOUNT),
            "identity",
            "–",
            ["an anonymous principal has no identity-based policies"],
        ),
        (
            ask(principal="*", own=policy(allow(Principal="*")), owner=ACCOUNT, block_public_access=True),
            "S3",
            "denied",
            ["the bucket's policy is public and RestrictPublicBuckets is on"],
        ),
    ],
)
def test_what_a_layer_says(decision: Decision, label: str, word: str, texts: list[str]) -> None:
    (layer,) = [layer for layer in tell(decision).layers if layer.label == label]
    assert shown(layer) == (label, word, texts)


def test_many_names_of_the_organization_are_summed_up() -> None:
    names = ("one (Root)", "one (prod)", "two (Root)", "three (Root)", "four (Root)")
    scps = [PolicySet("scp", [Policy(name, document_from_data(EVERYTHING))]) for name in names]
    layers = Layers(policies("identity", EVERYTHING), scps=scps)
    told = tell(evaluate(layers, Request(principal=USER, action=GET, resource=OBJECT)))
    assert told.layers[0].note == "one, two, three and 1 more"


@pytest.mark.parametrize(
    ("decision", "would"),
    [
        (ask(allow(GET, "arn:aws:s3:::other/*")), "the resource were arn:aws:s3:::other/*"),
        (ask(own=policy(allow(Principal={"AWS": ROLE}))), f"the principal were {ROLE}"),
        (
            ask(allow(Condition=IN_EUROPE), context={"aws:RequestedRegion": "us-east-1"}),
            "aws:RequestedRegion = eu-west-1 (aws:RequestedRegion is us-east-1)",
        ),
        (ask(allow(Condition=IN_EUROPE)), "aws:RequestedRegion = eu-west-1 (it is not in the request)"),
        (
            ask(allow(Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}})),
            "aws:PrincipalTag/team = a (the principal has no such tag)",
        ),
        (
            ask(allow(GET, [f"arn:aws:s3:::{name}" for name in "abcd"])),
            "the resource were arn:aws:s3:::a or arn:aws:s3:::b or arn:aws:s3:::c or …",
        ),
    ],
)
def test_near_misses(decision: Decision, would: str) -> None:
    (miss,) = tell(decision).near_misses
    assert soft(miss).endswith(f" ¶ 1 ({lines_of(decision)}) would allow it if {would}")


def lines_of(decision: Decision) -> str:
    first, last = decision.explain().near_misses[0].statement.lines
    return f"lines {first}–{last}"


def test_only_the_nearest_of_the_near_misses_are_told() -> None:
    far = allow(GET, "arn:aws:s3:::other", Condition=IN_EUROPE)
    assert len(tell(ask(far, allow(Condition=IN_EUROPE), allow(Condition=TLS))).near_misses) == 2
    assert not tell(ask(allow("s3:ListBucket"))).near_misses  # the layer's line says that


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (ask(allow(Sid="Mine")), "§ identity-0 ¶ Mine"),
        (ask(principal=ROOT), "the account's root user has full access"),
        (ask(allow(), deny(Sid="No")), "§ identity-0 ¶ No denies it"),
        (ask(allow("ec2:*")), "no identity-based policy allows it"),
        (ask(allow(Condition=IN_EUROPE), mode="possible"), "on aws:RequestedRegion = eu-west-1"),
        (
            ask(allow(), deny(Condition=IN_EUROPE), mode="possible"),
            "denied if aws:RequestedRegion = eu-west-1",
        ),
        (unread(identity="the policies of ann"), "on the policies of ann"),
    ],
)
def test_the_reason_in_few_words(decision: Decision, why: str) -> None:
    assert soft(reason(decision)) == why


def test_what_was_not_read_is_told() -> None:
    assert tell(ask(allow()), ["SCPs"]).incomplete == ("without SCPs: a Deny in them would count",)
    assert tell(ask(allow())).incomplete == ()


def test_what_else_is_needed() -> None:
    passing = ask(deny(), action="iam:PassRole", resource=ROLE)
    need = Needs("ecs:RunTask", ("task-definition", "cluster"))
    cells = [Cell(USER, "iam:PassRole", resource, passing) for resource in (ROLE, "*")]
    answer = "DENIED   by a Deny in an identity-based policy"
    assert [soft(text) for text in also_needed(need, True, cells)] == [
        f"it also needs iam:PassRole on {ROLE}   {answer}",
        f"it also needs iam:PassRole on some resource   {answer}",
        "it is also checked on task-definition, cluster, which was not asked about",
    ]
    assert not list(also_needed(need, False, []))


@pytest.mark.parametrize(("principal", "name"), [("*", "anonymous"), (ROLE, "web"), (USER, "ann")])
def test_principals_have_names(principal: str, name: str) -> None:
    assert tell(ask(principal=principal)).principal == name
