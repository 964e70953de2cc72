[
    {
          "name": "${container}-${stage}",
          "image": "${repository}:${version}",
          "cpu": ${cpu},
          "memory": ${memory},
          "portMappings": [
               {
                    "hostPort": ${port}
                    "containerPort": ${port},
                    "protocol": "tcp"
               }
          ],
          "environment": [{ "name": "TZ", "value" : "Asia/Seoul"}, { "HOST": "${host}", "PORT": "${port}" }],
          "essential": ${essential},
          "healthCheck": {"command": ["CMD-SHELL", "${check}"], "interval": 30, "retries": 5},
          "networkMode": "awsvpc"
     }
]
