"""The demo account behind a loopback endpoint, for `--endpoint-url` and for tests of the way over HTTP."""

import socket
import threading
from datetime import datetime
from types import TracebackType
from typing import Self

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from ecsiam_tui.demo.account import DemoAccount
from ecsiam_tui.demo.seed import Seeded

HOST = "127.0.0.1"


class DemoServerError(RuntimeError):
    """The endpoint cannot be opened. The message is one line for a person."""


class DemoServer:
    """A moto server on this machine's loopback interface with the demo account, from `with` to its end.

    The account lives in this process, so that it is the same, id for id, as a `DemoAccount` with the same
    `now`. Port 0 takes a free one. It takes any credentials and answers them as the account's caller.
    """

    def __init__(self, *, port: int = 0, now: datetime | None = None) -> None:
        self._port = port
        self._account = DemoAccount(now=now)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        # Bound here and not by the web server, which would print and exit where the port is taken.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, self._port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            raise DemoServerError(
                f"port {self._port} cannot be opened on {HOST} ({error.strerror}): choose another port,"
                " or 0 for a free one"
            ) from error
        try:
            self._account.start()
            self._server = make_server(
                HOST,
                listener.getsockname()[1],
                DomainDispatcherApplication(create_backend_app),
                threaded=True,
                request_handler=MotoRequestHandler,
                fd=listener.fileno(),
            )
        except BaseException:
            self._account.stop()
            raise
        finally:
            listener.close()  # the server has its own handle of it
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True, name="demo server")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._account.stop()

    @property
    def url(self) -> str:
        """The endpoint, for instance `http://127.0.0.1:5000`."""
        if self._server is None:
            raise RuntimeError("the demo server is not running")
        return f"http://{HOST}:{self._server.port}"

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions in which the account has something; the first is home."""
        return self._account.session.regions

    @property
    def seeded(self) -> Seeded:
        """The mistakes that were made on purpose, and the services that have none."""
        return self._account.seeded
