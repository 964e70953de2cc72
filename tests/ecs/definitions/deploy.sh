#!/bin/bash
set -e
echo "It's time"
cat > /tmp/taskdef.json <<JSON
{
  "family": "$TASK_FAMILY",
  "executionRoleArn": "$EXECUTION_ROLE_ARN",
  "containerDefinitions": [{"name": "$NAME", "image": "$ECR_URI:latest",
    "secrets": [{"name": "TOKEN", "valueFrom": "$PREFIX/token"}]}]
}
JSON
aws ecs register-task-definition --cli-input-json file:///tmp/taskdef.json
