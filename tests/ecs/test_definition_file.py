"""Task definitions read from files: shapes and spellings."""

import json

import msgspec
import pytest
from botocore.session import Session

from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.references import Home, references
from ecsiam_tui.account.tasks import ContainerDefinition, TaskDefinition, Volume
from ecsiam_tui.ecs import definition_shape
from ecsiam_tui.ecs.definition_file import DefinitionError, parse
from tests.ecs.definition_files import BARE, FILES, HOME, container, example, messages, one, read, texts

# -- the examples ------------------------------------------------------------------------------------------

EXAMPLES: dict[str, tuple[list[str], list[str], int]] = {
    # file: families, containers, how many placeholders
    "Dockerrun.aws.json": (["Dockerrun"], ["client", "nginx"], 0),
    "annotated.jsonc": (["example"], ["app"], 0),
    "by-hand.json": (["trading"], ["trading"], 9),
    "codedeploy.json": (["shop"], ["web"], 1),
    "conditional.json.tpl": (["conditional"], ["connectors"], 6),
    "containers.json.tpl": (["containers"], ["${container}-${stage}"], 12),
    "deploy.sh": (["$TASK_FAMILY"], ["$NAME"], 5),
    "described.json": (["bot"], ["bot"], 0),
    "ecspresso.json": (["{{ must_env `ECS_SERVICE` }}"], ["api"], 8),
    "github-action.json": (["github-action"], ["survey"], 0),
    "handlebars.json": (["{{PREFIX}}-backend"], ["backend"], 5),
    "jinja.json.j2": (["{{ family }}"], ["{{ name }}"], 8),
    "main.tf": (["${var.env}-api", "worker"], ["api", "worker"], 7),
    "one-container.json": (["one-container"], ["app"], 2),
    "several.json": (["a", "b", "a"], ["a", "b"], 1),
    "sprintf.json": (["@@FAMILY@@"], ["#{Octopus.Name}"], 10),
    "template.json": (["Blue", "green"], ["${AWS::StackName}", "green"], 9),
    "template.yaml": (["${Environment}-site"], ["site"], 5),
    "terraform.tf.json": (["api"], ["api"], 2),
    "wrong-types.json": (["42"], ["web2"], 0),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    families, containers, placeholders = EXAMPLES[name]
    found = example(name)
    assert [definition.family for definition in found.definitions] == families
    assert [
        each.name for definition in found.definitions for each in definition.container_definitions
    ] == containers
    assert len(found.placeholders) == placeholders, found.placeholders
    again = msgspec.json.decode(msgspec.json.encode(found.definitions), type=tuple[TaskDefinition, ...])
    assert again == found.definitions
    for definition in found.definitions:
        list(references(definition))


def test_every_example_is_tested() -> None:
    assert {path.name for path in FILES.iterdir()} == EXAMPLES.keys()


def test_no_value_of_an_example_gets_through() -> None:
    for path in FILES.iterdir():
        found = msgspec.json.encode(example(path.name))
        for value in (b"hunter2", b"not-for-records", b"Asia/Seoul"):
            assert value not in found, path.name


def test_described_definition_keeps_its_name_tags_and_times() -> None:
    definition = example("described.json").definitions[0]
    assert definition.task_definition_arn == "arn:aws:ecs:eu-west-1:123456789012:task-definition/bot:7"
    assert definition.revision == 7
    assert definition.tags == {"team": "chat"}
    assert definition.registered_at is not None
    assert definition.requires_attributes[0].name == "ecs.capability.task-eni"
    assert example("described.json").problems == ()


def test_described_elsewhere_is_registered_at_home() -> None:
    text = (FILES / "described.json").read_text()
    other = HOME._replace(account="210987654321")
    assert one(text, home=other).task_definition_arn == other.arn("ecs", "task-definition/bot:0")
    unknown = Home("aws", "", "")
    assert one(text, home=unknown).task_definition_arn.endswith(
        "eu-west-1:123456789012:task-definition/bot:7"
    )


def test_cloudformation_values() -> None:
    blue, green = example("template.json").definitions
    assert blue.execution_role_arn == "${Role.Arn}"
    assert blue.cpu == "256"
    app = blue.container_definitions[0]
    assert app.image == "${Repository}:${Tag}"
    assert app.memory is None
    assert app.secrets[0].value_from == "arn:aws:ssm:eu-west-1:123456789012:parameter/${Stage}/key"
    efs = blue.volumes[0].efs_volume_configuration
    assert efs is not None
    assert efs.file_system_id == "${Files}"
    assert efs.authorization_config is not None
    assert (efs.authorization_config.iam, efs.authorization_config.access_point_id) == ("ENABLED", "${point}")
    assert green.task_role_arn == "${TaskRole}"
    path = "Resources.Green.Properties.taskRoleArn"
    assert messages(example("template.json")) == {path: "depends on a condition: read as if it were met"}
    assert texts(example("template.json"))[path] == ["${TaskRole}"]


def test_yaml_template() -> None:
    found = example("template.yaml")
    site = found.definitions[0].container_definitions[0]
    assert site.image == "${ImageUri}:stable"
    assert found.definitions[0].task_role_arn == "${Stack-TaskRole}"
    assert site.secrets[0].value_from == "arn:aws:secretsmanager:eu-west-1:123456789012:secret:url-AbCdEf"
    assert [variable.name for variable in site.environment] == ["PASSWORD", "DEBUG"]
    assert site.environment[0].looks_like_secret == "password"
    assert site.log_configuration is not None
    assert site.log_configuration.options["awslogs-region"] == "eu-west-1"


def test_hand_written_placeholders() -> None:
    found = texts(example("by-hand.json"))
    assert found["executionRoleArn"] == ["account"]
    assert found["taskRoleArn"] == ["Your IAM role arn"]
    assert found["containerDefinitions[0].image"] == ["YOUR_ACCOUNT_ID", "region"]
    assert found["containerDefinitions[0].environment[0].value"] == ["<RDS_PASSWORD>"]
    assert found["containerDefinitions[0].secrets[1].valueFrom"] == ["123456789"]


def test_wrong_types_leave_the_rest() -> None:
    found = example("wrong-types.json")
    definition = found.definitions[0]
    web = definition.container_definitions[0]
    assert (definition.cpu, definition.memory, definition.requires_compatibilities) == (
        "256",
        "512",
        ("FARGATE",),
    )
    assert (web.cpu, web.memory, web.essential, web.privileged) == (128, None, False, False)
    assert web.command == ("python app.py --password=•••",)
    assert [(each.name, each.length) for each in web.environment] == [("A", 1), ("DB_PASSWORD", 13)]
    assert [(each.name, each.value_from) for each in web.secrets] == [("KEY", "/shop/key")]
    assert web.port_mappings == ({"containerPort": 80},)
    assert web.restart_policy == {"enabled": True, "ignoredExitCodes": [0, 1]}
    assert definition.volumes == (Volume(name="data"),)
    said = messages(found)
    assert said["containerDefinitions[0].memory"] == "ignored: a text where a whole number belongs"
    assert said["containerDefinitions[0].name"] == "given more than once: the last one counts"
    assert said["containerDefinitions[0].colour"] == "ignored: not a member that Amazon ECS knows"
    assert (
        said["containerDefinitions[0].taskRoleArn"] == "ignored: it belongs to the task definition, not here"
    )
    assert said["containerDefinitions[1]"] == "ignored: a text where an object belongs"


def test_terraform_itself() -> None:
    api, worker = example("main.tf").definitions
    assert api.execution_role_arn == "aws_iam_role.execution.arn"
    assert api.volumes[0].efs_volume_configuration is not None
    assert [variable.name for variable in worker.container_definitions[0].environment] == ["MODE"]
    assert example("terraform.tf.json").definitions[0].volumes[0].name == "data"


# -- shapes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f'{{"containerDefinitions": [{BARE}]}}',
        f'{{"ContainerDefinitions": [{BARE}]}}',
        f'{{"container_definitions": [{BARE}]}}',
        f'{{"containerDefinitions": {BARE}}}',
        f"[{BARE}]",
        BARE,
        f'[{{"containerDefinitions": [{BARE}]}}]',
        f'{{"taskDefinition": {{"containerDefinitions": [{BARE}]}}, "tags": []}}',
        f'{{"taskDefinitions": [{{"containerDefinitions": [{BARE}]}}]}}',
        f'{{"deep": {{"down": [0, {{"containerDefinitions": [{BARE}]}}]}}}}',
        f'{{"containerDefinitions": {json.dumps(f"[{BARE}]")}}}',
        f'﻿{{"containerDefinitions": [{BARE},],}}',
        "containerDefinitions:\n- name: web\n  image: nginx\n",
        "---\ncontainerDefinitions: [&a {name: web, image: nginx}]\n",
        "containerDefinitions = [{ name = 'web', image = `nginx` }] # { }\n" + "x = {",
    ],
)
def test_shapes(text: str) -> None:
    definition = one(text, "deploy/shop.prod.json")
    assert [(each.name, each.image) for each in definition.container_definitions] == [("web", "nginx")]
    assert definition.family == "shop"
    assert definition.task_definition_arn == "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:0"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(encoding: str) -> None:
    assert one(f'{{"family": "é", "containerDefinitions": [{BARE}]}}'.encode(encoding)).family == "é"


def test_other_encodings_are_told() -> None:
    found = read(f'{{"family": "é",\n"containerDefinitions": [{BARE}]}}'.encode("latin-1"))
    assert found.definitions[0].family == "é"
    assert messages(found)["line 1"] == "not UTF-8; read as Latin-1"


@pytest.mark.parametrize(
    ("family", "arn"),
    [("web api/1", "web-api-1"), ("${x}", "x"), ("é", "shop"), ("x" * 300, "x" * 255), ("a_b-C", "a_b-C")],
)
def test_made_up_arns(family: str, arn: str) -> None:
    definition = one(json.dumps({"family": family, "containerDefinitions": []}))
    assert definition.family == family
    expected = arn if arn != "shop" else "task"
    assert definition.task_definition_arn.endswith(f":task-definition/{expected}:0")


def test_families_of_one_name_get_arns_of_their_own() -> None:
    item = {"family": "a", "containerDefinitions": []}
    found = read(json.dumps([item, item, item]))
    assert [each.revision for each in found.definitions] == [0, 1, 2]
    assert len({each.task_definition_arn for each in found.definitions}) == 3
    assert "[2].family" in messages(found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("hello", "no task definition in it"),
        ("{}", "expected an object with containerDefinitions"),
        ('{"Version": "2012-10-17", "Statement": []}', "it is an IAM policy"),
        ('[{"name": "web", "imageUri": "x"}]', "it is an image definitions file of CodePipeline"),
        ("services:\n  web:\n    image: nginx\n", "it is a Compose file"),
        (
            "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: a, image: b}]\n",
            "it is a manifest of Kubernetes",
        ),
        ("[" * 10_000, "nested deeper than 100 levels"),
        ("[" * 10_000 + "//", "nested deeper than 100 levels"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "nested deeper than 100 levels"),
        ('{"a":' * 500 + "1" + "}" * 500, "nested deeper than 100 levels"),
        ("- " * 10_000, "nested deeper than 100 levels"),
        ("a: &a [*a]", "no task definition in it"),
        ("\0\x01\x02", "no task definition in it"),
        ("{" * 5 + "x" * 10_000_000, "more than 10 MB"),
    ],
)
def test_refusals(text: str, says: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        read(text, "some.json")
    assert str(raised.value).startswith("some.json: ")
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_aliases_cannot_stand_for_too_much() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(DefinitionError, match="more than 1,000,000 values"):
        read("\n".join(lines))


def test_aliases_and_merges_are_followed() -> None:
    text = """
x: &log {logDriver: awslogs, options: &o {awslogs-group: a}}
containerDefinitions:
- {name: web, image: nginx, logConfiguration: *log}
- {name: api, image: nginx, logConfiguration: {<<: *log, logDriver: splunk}}
"""
    web, api = one(text).container_definitions
    assert web.log_configuration is not None
    assert api.log_configuration is not None
    assert api.log_configuration.options == web.log_configuration.options == {"awslogs-group": "a"}
    assert api.log_configuration.log_driver == "splunk"


# -- spellings ---------------------------------------------------------------------------------------------


def _members(shape: object, pascal: bool, prefix: str = "") -> object:
    """A value of every member of a shape of the API, in CloudFormation's spelling or in the API's."""
    kind = shape.type_name  # type: ignore[attr-defined]
    if kind == "structure":
        return {
            (name[:1].upper() + name[1:] if pascal else name): _members(member, pascal)
            for name, member in shape.members.items()  # type: ignore[attr-defined]
        }
    if kind == "list":
        return [_members(shape.member, pascal)]  # type: ignore[attr-defined]
    if kind == "map":
        return {"key": "text"}
    return {"integer": 1, "long": 1, "boolean": True, "timestamp": 1700000000.0}.get(kind, "text")


@pytest.mark.parametrize("pascal", [False, True])
@pytest.mark.parametrize("as_text", [False, True])
def test_every_member_of_the_api_is_known(pascal: bool, as_text: bool) -> None:
    model = Session().get_service_model("ecs")
    raw = _members(model.operation_model("RegisterTaskDefinition").input_shape, pascal)
    if as_text:
        raw = json.loads(json.dumps(raw), parse_int=str)
    found = read(json.dumps(raw))
    assert found.problems == ()
    definition = found.definitions[0]
    default = ContainerDefinition()
    for field in msgspec.structs.fields(ContainerDefinition):
        if field.name not in ("essential",):  # true already
            given = getattr(definition.container_definitions[0], field.name)
            assert given != getattr(default, field.name), field.name
    for field in msgspec.structs.fields(Volume):
        assert getattr(definition.volumes[0], field.name) != getattr(Volume(), field.name), field.name


def test_members_below_the_records_are_those_of_the_api() -> None:
    """What the table of nested members names exists in AWS's own model."""
    model = Session().get_service_model("ecs")
    known: set[str] = set()
    calls = ("RegisterTaskDefinition", "CreateService")
    shapes = [model.operation_model(call).input_shape for call in calls]
    while shapes:
        shape = shapes.pop()
        if shape.type_name == "structure":
            known |= shape.members.keys()
            shapes.extend(shape.members.values())
        elif shape.type_name == "list":
            shapes.append(shape.member)
    assert {name for name, _ in definition_shape._KNOWN_BELOW.values()} <= known


def test_null_members_are_absent() -> None:
    names = {field.encode_name: None for field in msgspec.structs.fields(ContainerDefinition)}
    found = read(json.dumps({"containerDefinitions": [{**names, "colour": None}]}))
    assert found.problems == ()
    assert found.definitions[0].container_definitions == (ContainerDefinition(),)


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ([{"name": "A", "value": "1"}], ["A"]),
        ([{"Name": "A", "Value": 1}, {"name": "B", "value": True}, {"name": "C"}], ["A", "B", "C"]),
        ([{"A": "1", "B": "2"}], ["A", "B"]),
        ({"A": "1", "B": None}, ["A", "B"]),
        (["A=1", "B=x=y"], ["A", "B"]),
        ([{"name": "A=secret", "value": "1"}], ["A"]),
        ([{"value": "1"}, None, 7, []], []),
        ("${environment}", []),
        ("text", []),
        (None, []),
    ],
)
def test_environments(environment: object, names: list[str]) -> None:
    found = read(container(environment=environment))
    variables = found.definitions[0].container_definitions[0].environment
    assert [variable.name for variable in variables] == names


def test_fingerprints_follow_the_key() -> None:
    text = container(environment=[{"name": "A", "value": "1"}])
    key = b"k" * 32
    first = parse(text, home=HOME, redactor=Redactor(key)).definitions[0]
    assert first.container_definitions[0].environment[0].fingerprint == Redactor(key).fingerprint("1")
    assert first != one(text)


def test_strict_json_has_no_problem_and_loose_json_one() -> None:
    assert read(container()).problems == ()
    ((path, message),) = read(container()[:-1] + ",}").problems
    assert path.startswith("line 1, column ")
    assert "not JSON as the AWS CLI reads it" in message
