[
  {
    "name": "connectors",
    "image": "${image}",
    "stopTimeout": 30,
    %{ if registry_credentials_arn != "" ~}
    "repositoryCredentials": {
      "credentialsParameter": "${registry_credentials_arn}"
    },
    %{ endif ~}
    "logConfiguration": {
      "logDriver": "awslogs",
      "options": {
        "awslogs-group": "${log_group_name}",
        "awslogs-region": "${aws_region}",
        "awslogs-multiline-pattern": "^\\[\\d{4}-\\d{2}\\]"
      }
    },
    "environment": ${env_vars_json},
    "user": "${lookup(users, "web")}"
  }
]
