"""A stand-in for AWS (moto) with the small account, in a process of its own; forked for every run, so that
each begins with the same account, ids and dates included, and can be killed."""

import gc
import logging
import os
import socket
import sys
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

import ecsiam_tui.aws.collect as collecting
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.aws.session import Target, make_session
from tests.faults.small import KEY, REGION, STAGES, Quiet, seed


class Handler(WSGIRequestHandler):
    """Keeps connections, and says nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart, and would wait for each other

    def log(self, *_: Any) -> None: ...


def main(port: int) -> None:
    logging.disable(logging.CRITICAL)
    inside = mock_aws()
    inside.start()
    session = boto3.Session(region_name=REGION)
    clients: dict[str, Any] = {}
    seed(lambda name: clients.setdefault(name, session.client(name)))
    # What is made at first use is made here, and not in every run.
    with patch.object(collecting, "STAGES", STAGES):
        collecting.collect(make_session(Target(regions=(REGION,)), paced=False), Quiet(), Redactor(KEY))
    inside.stop(remove_data=False)
    app = DomainDispatcherApplication(create_backend_app)
    for service, action in (("iam", "ListRoles"), ("sts", "GetCallerIdentity"), ("ecs", "ListClusters")):
        head = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential=x/20260101/{REGION}/{service}/aws4_request",
            "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{action}",
        }
        form = f"Action={action}&Version=2010-05-08"
        kind = "application/x-amz-json-1.1" if service == "ecs" else "application/x-www-form-urlencoded"
        Client(app).post("/", headers=head, data="{}" if service == "ecs" else form, content_type=kind)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        if not line.strip():
            continue
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        child = os.fork()
        if child == 0:
            server = make_server(
                "127.0.0.1", port, app, threaded=True, request_handler=Handler, fd=listener.fileno()
            )
            server.serve_forever()
        listener.close()
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)  # it is killed from outside when the run is over
        sys.stdout.write("over\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
