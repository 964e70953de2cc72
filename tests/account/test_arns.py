"""ARNs are taken apart and put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.account.arns import Arn, parse_arn, partition_of_region, short_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arn:aws:iam::1:role/a/b", Arn("aws", "iam", "", "1", "role/a/b")),
        ("arn:aws-cn:s3:::bucket/key", Arn("aws-cn", "s3", "", "", "bucket/key")),
        (
            "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf:key::",
            Arn("aws", "secretsmanager", "eu-west-1", "1", "secret:db-AbCdEf:key::"),
        ),
        ("ecsTaskRole", None),
        ("", None),
        ("arn:aws:iam", None),
        ("arn::iam::1:role/x", None),
        ("xarn:aws:iam::1:role/x", None),
    ],
)
def test_parse(text: str, expected: Arn | None) -> None:
    assert parse_arn(text) == expected


@given(st.tuples(*[st.text(st.characters(exclude_characters=":"), min_size=1)] * 4), st.text())
def test_an_arn_is_its_own_text(parts: tuple[str, str, str, str], resource: str) -> None:
    arn = Arn(*parts, resource)
    assert parse_arn(str(arn)) == arn


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    parsed = parse_arn(text)
    assert parsed is None or str(parsed) == text
    assert isinstance(short_name(text), str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arn:aws:ecs:eu-west-1:1:service/prod/web", "web"),
        ("arn:aws:ecs:eu-west-1:1:cluster/prod", "prod"),
        ("arn:aws:ecs:eu-west-1:1:task-definition/web:4", "web:4"),
        ("arn:aws:iam::1:role/service-role/x", "x"),
        ("arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf", "db-AbCdEf"),
        ("arn:aws:logs:eu-west-1:1:log-group:/ecs/web:*", "/ecs/web"),
        ("arn:aws:logs:eu-west-1:1:log-group:/ecs/web", "/ecs/web"),
        ("arn:aws:ecr:eu-west-1:1:repository/shop/web", "shop/web"),
        ("arn:aws:ssm:eu-west-1:1:parameter/shop/token", "shop/token"),
        ("arn:aws:s3:::bucket", "bucket"),
        ("arn:aws:lambda:eu-west-1:1:function:hook", "hook"),
        ("ecsTaskRole", "ecsTaskRole"),
    ],
)
def test_short_names(text: str, expected: str) -> None:
    assert short_name(text) == expected


@pytest.mark.parametrize(
    ("region", "expected"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-east-1", "aws")],
)
def test_partitions(region: str, expected: str) -> None:
    assert partition_of_region(region) == expected
