"""A stand-in for AWS (moto) with an account in it, in a process of its own; forked for every run, so that
each begins with the same account, ids and dates included, and can be killed.

It holds the small account of these tests, or the demo account, which also answers what a fresh collect finds:
collected in this process, where it takes a fifth of the time."""

import gc
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

import ecsiam_tui.aws.collect as collecting
from ecsiam_tui.account import files
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.aws.reading import Stage
from ecsiam_tui.aws.session import Target, make_session
from ecsiam_tui.demo.account import DemoAccount
from tests.faults.recipe_fixes import NOW
from tests.faults.small import CHANGEABLE, KEY, REGION, SNAPSHOT, STAGES, WHOLE, seed
from tests.quiet import Quiet

_CALLS = (("iam", "ListRoles"), ("sts", "GetCallerIdentity"), ("ecs", "ListClusters"))


class Handler(WSGIRequestHandler):
    """Keeps connections, and says nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart, and would wait for each other

    def log(self, *_: Any) -> None: ...


def small() -> Any:
    """The small account's application."""
    inside = mock_aws()
    inside.start()
    session = boto3.Session(region_name=REGION)
    clients: dict[str, Any] = {}
    seed(lambda name: clients.setdefault(name, session.client(name)))
    # What is made at first use is made here, and not in every run.
    with patch.object(collecting, "STAGES", STAGES):
        collecting.collect(make_session(Target(regions=(REGION,)), paced=False), Quiet(), Redactor(KEY))
    inside.stop(remove_data=False)
    return DomainDispatcherApplication(create_backend_app)


class Demo:
    """The demo account's application."""

    def __init__(self) -> None:
        self._account = DemoAccount(now=NOW)
        self._account.start()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._one_at_a_time = threading.Lock()
        self._collected: dict[tuple[Stage, ...], bytes] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] in (SNAPSHOT, WHOLE):
            data = self._collect(collecting.STAGES if environ["PATH_INFO"] == WHOLE else CHANGEABLE)
            start_response("200 OK", [("Content-Length", str(len(data)))])
            return (data,)
        if not operation(environ).startswith(("Get", "List", "Describe")):
            self._collected.clear()
        return self._moto(environ, start_response)  # type: ignore[no-any-return]

    def _collect(self, stages: tuple[Stage, ...]) -> bytes:
        """What a fresh collect finds; it is the same until something is called that may change it."""
        with self._one_at_a_time:
            if stages not in self._collected:
                with patch.object(collecting, "STAGES", stages):
                    found = collecting.collect(self._account.session, Quiet(), Redactor(KEY), source="demo")
                self._collected[stages] = files.encode(found.snapshot)
            return self._collected[stages]


def operation(environ: dict[str, Any]) -> str:
    """The operation of a JSON or REST request; of any other, what may be any."""
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    return "Get" if environ["REQUEST_METHOD"] == "GET" else "?"


def warm(app: Any) -> None:
    """What is made at first use is made here, and not in every run."""
    for service, action in _CALLS:
        head = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential=x/20260101/{REGION}/{service}/aws4_request",
            "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{action}",
        }
        form = f"Action={action}&Version=2010-05-08"
        kind = "application/x-amz-json-1.1" if service == "ecs" else "application/x-www-form-urlencoded"
        Client(app).post("/", headers=head, data="{}" if service == "ecs" else form, content_type=kind)
    if isinstance(app, Demo):
        Client(app).get(SNAPSHOT)
        Client(app).get(WHOLE)


def main(account: str, port: int) -> None:
    logging.disable(logging.CRITICAL)
    app = Demo() if account == "demo" else small()
    warm(app)
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
    main(sys.argv[1], int(sys.argv[2]))
