"""A server on the loopback interface that gives prepared answers, some of which break off."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int = 200, body: bytes = b"", *, length: int | None = None, broken: bool = False, **headers: str) -> Answer:
    """Send a response. If `length` promises more than comes, the connection breaks."""

    def respond(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        request.wfile.write(body)

    return respond


def chunked(*blocks: bytes, whole: bool) -> Answer:
    """Send a body as GitHub does, without its length."""

    def respond(request: BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.send_header("Connection", "close")
        request.end_headers()
        for block in blocks:
            request.wfile.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
        if whole:
            request.wfile.write(b"0\r\n\r\n")

    return respond


class Server:
    """Answers each request with the next of `answers`, and stores the headers of requests in `asked`."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(dict(self.headers.items()))
                outer.answers.pop(0)(self)
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/nobody/nothing/tar.gz/0123456789abcdef"
