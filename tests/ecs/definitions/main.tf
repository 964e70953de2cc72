resource "aws_ecs_task_definition" "api" {
  family             = "${var.env}-api"
  execution_role_arn = aws_iam_role.execution.arn # made elsewhere
  container_definitions = <<DEFINITION
[
  {
    "name" : "api",
    "image" : "${var.repository}:latest",
    "memory" : 150,
    "portMappings": [{"containerPort" : ${var.ports[0]}, "hostPort" : 0}],
    "environmentFiles": [{"value": "${var.s3_arn}/${var.s3_key}", "type": "s3"}]
  }
]
DEFINITION

  volume {
    name = "data"
    efs_volume_configuration { file_system_id = aws_efs_file_system.data.id }
  }
}

resource "aws_ecs_task_definition" "worker" {
  family                = "worker"
  container_definitions = jsonencode([
    { name = "worker", image = "nginx", environment = [{ name = "MODE", value = "batch" }] }
  ])
}
