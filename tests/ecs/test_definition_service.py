"""Services in files of task definitions, and files whose home is not known."""

import json

from ecsiam_tui.account.ecs import LoadBalancer
from ecsiam_tui.account.references import Home
from tests.ecs.definition_files import HOME, one, read, texts

TEMPLATE = """
Resources:
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      EnableExecuteCommand: true
      DesiredCount: '2'
      Role: !Ref BalancerRole
      HealthCheckGracePeriodSeconds: 3
      LoadBalancers: [{ContainerName: web, ContainerPort: 80, TargetGroupArn: !Ref Targets}]
      VolumeConfigurations: [{Name: data, ManagedEBSVolume: {RoleArn: !GetAtt Volumes.Arn, SizeInGiB: 10}}]
      ServiceConnectConfiguration:
        Enabled: true
        Services: [{PortName: web, ClientAliases: [{Port: 80, DnsName: web}]}]
        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: proxy, api-token: hunter2value}}
      Colour: blue
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions:
      - {Name: web, Image: !Sub '${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/web'}
"""


def test_service_of_a_template() -> None:
    found = read(TEMPLATE)
    (service,) = found.services
    assert service.task_definition == found.definitions[0].task_definition_arn
    assert service.service_arn == HOME.arn("ecs", "service/${Cluster}/Service")
    assert service.role_arn == "${BalancerRole}"
    assert (service.launch_type, service.enable_execute_command, service.desired_count) == (
        "FARGATE",
        True,
        2,
    )
    assert service.load_balancers == (
        LoadBalancer(target_group_arn="${Targets}", container_name="web", container_port=80),
    )
    (deployment,) = service.deployments
    volume = deployment.volume_configurations[0].managed_ebs_volume
    assert volume is not None
    assert (volume.role_arn, volume.size_in_gib) == ("${Volumes.Arn}", 10)
    connect = deployment.service_connect_configuration
    assert connect is not None
    assert connect.log_configuration is not None
    assert connect.log_configuration.options == {"awslogs-group": "proxy", "api-token": "•••"}
    assert [path for path, _ in found.problems] == ["Resources.Service.Properties.Colour"]
    assert "${Task}" not in {text for _, text in found.placeholders}


def test_input_of_create_service_alone() -> None:
    given = {"serviceName": "web", "cluster": HOME.arn("ecs", "cluster/prod"), "taskDefinition": "web:3"}
    found = read(json.dumps(given))
    assert found.definitions == ()
    assert found.services[0].service_arn == HOME.arn("ecs", "service/prod/web")
    assert found.services[0].task_definition == found.services[0].deployments[0].task_definition == "web:3"


def test_pseudo_parameters_are_those_of_home() -> None:
    image = one(TEMPLATE).container_definitions[0].image
    assert image == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web"
    china = one(TEMPLATE, home=Home("aws-cn", "cn-north-1", "123456789012")).container_definitions[0].image
    assert china == "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/web"


def test_without_a_home_they_stay_open() -> None:
    found = read(TEMPLATE, home=Home("aws", "*", "*"))
    path = "Resources.Task.Properties.containerDefinitions[0].image"
    assert texts(found)[path] == ["${AWS::AccountId}", "${AWS::Region}"]
    assert "*" not in {text for _, text in found.placeholders}
    assert found.definitions[0].task_definition_arn == "arn:aws:ecs:*:*:task-definition/web:0"
