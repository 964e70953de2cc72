"""Task definitions read from files: what is left open in them, and what must never get through."""

import json

import msgspec
import pytest

from ecsiam_tui.account.tasks import ContainerDefinition
from ecsiam_tui.ecs import definition_placeholders
from ecsiam_tui.ecs.definition_file import Placeholder
from tests.ecs.definition_files import BARE, container, messages, one, read

# -- placeholders ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "use", "found"),
    [
        ("<ACCOUNT_ID>.dkr.ecr.eu-west-1.amazonaws.com/a:<TAG>", "image", ("<ACCOUNT_ID>", "<TAG>")),
        ("${A}/${B:-c}:{{ d }}", "image", ("${A}", "${B:-c}", "{{ d }}")),
        ("ACCOUNT_ID.dkr.ecr.REGION.amazonaws.com/a", "image", ("ACCOUNT_ID", "REGION")),
        ("1234.dkr.ecr.eu-west-1.amazonaws.com/a", "image", ("1234",)),
        ("xxxxxxxxxxxx.dkr.ecr.eu-west-1.amazonaws.com/a", "image", ("xxxxxxxxxxxx",)),
        ("[account-id].dkr.ecr.eu-west-1.amazonaws.com/a", "image", ("[account-id]",)),
        ("IMAGE_PLACEHOLDER", "image", ("IMAGE_PLACEHOLDER",)),
        ("REPOSITORY_URI:latest", "image", ("REPOSITORY_URI",)),
        ("placeholder", "image", ("placeholder",)),
        ("%IMAGE%", "image", ("%IMAGE%",)),
        ("__IMAGE__", "image", ("__IMAGE__",)),
        ("@@IMAGE@@", "image", ("@@IMAGE@@",)),
        ("$REPO/web", "image", ("$REPO",)),
        ("nginx", "image", ()),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:Release_1", "image", ()),
        ("public.ecr.aws/x/y@sha256:" + "0" * 64, "image", ()),
        ("example/my-account-service:v1", "image", ("my-account",)),
        ("arn:aws:iam::YOUR_ACCOUNT_ID:role/x", "role", ("YOUR_ACCOUNT_ID",)),
        ("arn:aws:iam::123:role/x", "role", ("123",)),
        ("arn:aws:iam::123456789012:role/x", "role", ()),
        ("arn:aws:iam::aws:policy/x", "role", ()),
        ("ecsTaskExecutionRole", "role", ()),
        ("EXECUTION_ROLE_ARN", "role", ("EXECUTION_ROLE_ARN",)),
        ("the role that you made", "role", ("the role that you made",)),
        ("arn:aws:ssm:us-east-X:123456789012:parameter/x", "name", ("us-east-X",)),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/AWS_ACCOUNT_ID", "name", ()),
        ("/prod/ACCOUNT_ID", "name", ()),
        ("DB_PASSWORD", "name", ()),
        ("REPLACE_ME", "name", ("REPLACE_ME",)),
        ("change-me", "name", ("change-me",)),
        ("/ecs/todo-app", "name", ()),
        ("REGION", "region", ("REGION",)),
        ("us-gov-west-1", "region", ()),
        ("fs-12345", "volume", ("fs-12345",)),
        ("fs-0123456789abcdef0", "volume", ()),
        ("AWS_REGION", "label", ()),
        ("app-${stage}", "label", ("${stage}",)),
        ("p$ssword", "value", ()),
        ("a<b>c__D__e%F%", "value", ()),
        ("$DB_PASSWORD", "value", ("$DB_PASSWORD",)),
        ("x${DB_PASSWORD:-hunter2}y", "value", ("${DB_PASSWORD…}",)),
        ("{{ password | default('hunter2') }}", "value", ("{{password…}}",)),
        ("postgres://<DB_HOST>/x", "value", ("<DB_HOST>",)),
        ("CHANGE_ME", "value", ("CHANGE_ME",)),
        ("${ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaa}", "value", ("•••",)),
    ],
)
def test_placeholders(text: str, use: definition_placeholders.Use, found: tuple[str, ...]) -> None:
    assert definition_placeholders.find(text, use) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [("${cpu}", "${cpu}"), ("<MEM>", "<MEM>"), ("{{ cpu }}", "{{ cpu }}"), ("$CPU", "$CPU"), ("CPU", "CPU"),
     ("<%= cpu %>", "<%= cpu %>"), ("%CPU%", "%CPU%"), ("__CPU__", "__CPU__"), ("#{cpu}", "#{cpu}"),
     ("${jsonencode({a = 1})}", "${jsonencode({a = 1})}")],
)  # fmt: skip
def test_values_without_quotes(value: str, text: str) -> None:
    found = read(f'[{{"name": "a", "cpu": {value}, "image": "nginx"}}]')
    assert found.placeholders == (Placeholder("containerDefinitions[0].cpu", text),)
    assert found.definitions[0].container_definitions == (ContainerDefinition(name="a", image="nginx"),)


@pytest.mark.parametrize(
    "line",
    ["{% if x %}", "{%- endfor -%}", "{{#if x}}", "{{/if}}", "{{- range .Items }}", "{{ end }}", "<% if x %>",
     "%{ for x in y ~}", "%{ endif }", "// no", "# no", "/* no\n { */"],
)  # fmt: skip
def test_lines_that_are_no_values(line: str) -> None:
    found = read(f'{{\n{line}\n"family": "a", {line}\n"containerDefinitions": [\n{line}\n{BARE}]}}\n{line}')
    assert found.definitions[0].family == "a"
    assert found.definitions[0].container_definitions == (ContainerDefinition(name="web", image="nginx"),)


def test_comment_marks_in_strings_are_text() -> None:
    found = one('{"family": "a//b#c/*d*/", "containerDefinitions": [],}')
    assert found.family == "a//b#c/*d*/"


def test_a_missing_quote_costs_one_line() -> None:
    found = read('[{"name": "web,\n"image": "nginx", "cpu": 1}]')
    assert found.definitions[0].container_definitions == (
        ContainerDefinition(name="web", image="nginx", cpu=1),
    )
    assert messages(found)["line 1"] == "a text without its closing quote"


def test_a_file_that_is_cut_off() -> None:
    found = read(container(command=["a"])[:-6])
    assert found.definitions[0].container_definitions[0].image == "nginx"
    assert "the text ends before everything is closed" in {message for _, message in found.problems}


# -- what must not get through -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"environment": [{"name": "A", "value": "hunter2value"}]},
        {"environment": {"A": "hunter2value"}},
        {"environment": ["A=hunter2value"]},
        {"environment": [{"name": "A=hunter2value"}]},
        {"environment": [{"A": "hunter2value"}]},
        {"environment": "hunter2value"},
        {"environment": ["hunter2value"]},
        {"environment": [{"name": "A", "value": {"deep": "hunter2value"}}]},
        {"environment": [{"name": "A", "value": "${X:-hunter2value}"}]},
        {"environment": [{"name": "A", "value": "{{ x | default('hunter2value') }}"}]},
        {"environment": {"A=hunter2value": {}}},
        {"env": {"A": "hunter2value"}},
        {"environmentVariables": [{"name": "A", "value": "hunter2value"}]},
        {"command": ["--password", "hunter2value"]},
        {"command": "--password=hunter2value"},
        {"healthCheck": {"command": ["CMD", "--token=hunter2value"]}},
        {"HealthCheck": {"Command": "curl --token=hunter2value"}},
        {"logConfiguration": {"options": {"splunk-token": "hunter2value"}}},
        {"dockerLabels": {"api-key": "hunter2value"}},
        {"memory": "hunter2value"},
        {"secrets": [{"name": "A", "valueFrom": {"deep": "hunter2value"}}]},
        {"linuxParameters": {"password": "hunter2value"}},
    ],
)
def test_values_do_not_get_through(members: dict[str, object]) -> None:
    for text in (container(**members), container(**members) + "//", f"# YAML\n{container(**members)}"):
        assert b"hunter2value" not in msgspec.json.encode(read(text))


def test_volume_options_do_not_get_through() -> None:
    volume = {"Name": "a", "DockerVolumeConfiguration": {"DriverOpts": {"password": "hunter2value"}}}
    found = read(json.dumps({"containerDefinitions": [], "Volumes": [volume]}))
    configuration = found.definitions[0].volumes[0].docker_volume_configuration
    assert configuration == {"driverOpts": {"password": "•••"}}
