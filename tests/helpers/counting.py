"""A server on loopback that counts connections: what a browser must not open is shown to be open nowhere."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket


class CountingServer(ThreadingHTTPServer):
    """Counts connections, so that one without a request in it counts too."""

    connections = 0

    def verify_request(self, request: socket | tuple[bytes, socket], client_address: object) -> bool:
        self.connections += 1
        return True


class Silent(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass
