"""What is no error: the ordinary lines of applications, agents and tools."""

import pytest

from ecsiam_tui.ecs.errors import explain

HARMLESS = [
    "hello, my service does not work since yesterday. any idea?",
    "2024-05-01 10:00:00.000  INFO 1 --- [main] o.s.b.w.e.t.Tomcat : Tomcat started on port(s): 8080",
    "(service web) has started 2 tasks: (task 0123) (task 4567).\n(service web) has reached a steady state.",
    '10.0.1.5 - - [01/May/2024:10:00:04 +0000] "POST /login HTTP/1.1" 403 12 "-" "Mozilla/5.0"',
    '{"level":"info","msg":"request completed","path":"/orders","status":403}',
    "PermissionError: [Errno 13] Permission denied: '/app/data/cache.db'",
    "Error: EACCES: permission denied, open '/app/x'",
    "ERROR 1045 (28000): Access denied for user 'web'@'10.0.0.1' (using password: YES)",
    'level=info msg="Managed task: redundant container state change. web to RUNNING, but already RUNNING"',
    'Principal = { Service = "ecs-tasks.amazonaws.com" }\nAction = "sts:AssumeRole"',
    "INFO audit: checked trust policy of 14 roles, 0 findings",
    "WARN cache miss, key does not exist, loading from database",
    'NOTICE:  relation "users" already exists, skipping\nNOTICE:  table "tmp" does not exist, skipping',
    "INFO HikariPool-1 - connectionTimeout=30000, connect timeout 5000ms",
    "connect timeout: 5s, read timeout: 5s",
    "INFO rate limiter initialised: maximum number of requests 100",
    "INFO circuit breaker closed for backend orders",
    "Starting service discovery client\nService Connect agent is ready",
    '"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-stream-prefix": "ecs"}}',
    '"readonlyRootFilesystem": true, "privileged": false',
    "Setting up session-manager-plugin (1.2.553.0-1) ...",
    "worker exited with code 0",
    '"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}',
    '"executionRoleArn": "arn:aws:iam::111122223333:role/exec", "readonlyRootFilesystem": true',
    '{"Effect": "Allow", "Action": ["iam:PassRole", "sts:AssumeRole"], "Resource": "*"}',
    "3 rows marked for deletion",
    "json: cannot unmarshal string into Go value of type int",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_line_is_no_error(text: str) -> None:
    assert [one.category for one in explain(text)] == ["unknown"]


@pytest.mark.parametrize(
    "text",
    [
        "2019-11-19T15:56:23Z INFO { InvalidParameterException: Unable to assume the service linked role.",
        'level=info msg="error transitioning resource [ssmsecret]: fetching secret data from SSM Parameter'
        ' Store in eu-west-1: invalid parameters: /db"',
        "INFO: An error occurred (ThrottlingException) when calling the ListTasks operation: Rate exceeded",
    ],
)
def test_an_error_at_the_level_of_information_is_one(text: str) -> None:
    assert "unknown" not in [one.category for one in explain(text)]


def test_a_word_that_the_seam_of_two_others_makes_hides_nothing() -> None:
    # "have access" has EACCES in it where white space does not count.
    (found,) = explain("AccessDeniedException: You don't have access to the model with this id.")
    assert found.category == "permission"
