"""A proxy between the program and the stand-in for AWS that does what networks and AWS do on bad days."""

import http.client
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

THROTTLED = "throttled"
APPLIED_DROPPED = "applied, then the connection is dropped"
DROPPED = "the connection is dropped before"
APPLIED_SILENT = "applied, then no answer in time"
APPLIED_500 = "applied, then 500"
FAILED_500 = "500 before"
EXPIRED = "the token has expired"
KILLED = "applied, and the process is killed before the answer"

Fault = Callable[[int, str], str | None]
"""The number of a call that changes something, from 0, and its operation → what goes wrong."""

_XML = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{code}</Message></Error>"
    "<RequestId>0</RequestId></ErrorResponse>"
)
_JSON = '{{"__type":"{code}","message":"{code}"}}'


_OWN = ("connection", "transfer-encoding", "content-length", "date", "server")
"""Headers that a proxy writes itself."""


class Proxy:
    """Forwards to `upstream` (a URL); `fault` says what goes wrong with calls that change something."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "", parts.port or 80)
        self.fault: Fault = lambda number, operation: None
        self.rewrite: Callable[[str, bytes], bytes] = lambda operation, answer: answer
        self.kill: Callable[[], None] = lambda: None
        self.writes: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def quiet(self) -> None:
        """Nothing goes wrong any more; nothing is counted yet."""
        self.fault = lambda number, operation: None
        self.rewrite = lambda operation, answer: answer
        self.writes = []

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy

    def handle_error(self, *_: Any) -> None:
        """A process that was killed hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, *_: Any) -> None: ...

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self._operation(body)
        proxy = self.server.proxy
        fault = None
        if not operation.startswith(("Get", "List", "Describe")):
            fault = proxy.fault(len(proxy.writes), operation)
            proxy.writes.append(operation)
        if fault in (DROPPED, THROTTLED, FAILED_500, EXPIRED):
            self._instead(fault, body)
            return
        status, headers, answer = self._forward(body)
        answer = proxy.rewrite(operation, answer)
        if fault == KILLED:
            proxy.kill()
            self._hang_up()
        elif fault == APPLIED_DROPPED:
            self._hang_up()
        elif fault == APPLIED_SILENT:
            threading.Event().wait(1.3)
            self._hang_up()
        elif fault == APPLIED_500:
            self._error(500, "InternalFailure")
        else:
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in (
                    "connection",
                    "transfer-encoding",
                    "content-length",
                    "date",
                    "server",
                ):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            self.wfile.flush()

    def _operation(self, body: bytes) -> str:
        target = self.headers.get("X-Amz-Target")
        if target:
            return target.rpartition(".")[2]
        if self.path != "/":  # REST: EventBridge Scheduler alone, of those that changes call
            return {"GET": "GetSchedule", "PUT": "UpdateSchedule"}[self.command]
        return parse_qs(body.decode()).get("Action", ["?"])[0]

    do_GET = do_PUT = do_POST  # noqa: N815

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(*self.server.proxy.upstream, timeout=20)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _instead(self, fault: str, body: bytes) -> None:
        if fault == DROPPED:
            self._hang_up()
        elif fault == THROTTLED:
            self._error(400, "Throttling" if b"Action=" in body else "ThrottlingException")
        elif fault == EXPIRED:
            self._error(403, "ExpiredToken" if b"Action=" in body else "ExpiredTokenException")
        else:
            self._error(500, "InternalFailure")

    def _error(self, status: int, code: str) -> None:
        form = _JSON if self.headers.get("X-Amz-Target") else _XML
        answer = form.format(code=code).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
