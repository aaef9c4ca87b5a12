"""A client of the node and of its proxies: requests, answers and event streams."""

import base64
import http.client
import json
import queue
import socket
import threading
import time
from dataclasses import dataclass, replace

from processes import PATIENCE, Failed, same

USER = "alice"


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        return json.loads(self.body)

    def refusal(self):
        """Who refused shows in how it wants to be asked: the proxy by Basic, the node by Bearer."""
        return self.status, self.headers.get("www-authenticate", "").split(" ")[0]


@dataclass
class Client:
    """Asks a port of this machine by its name; with TLS and a sign-in if they are given."""

    name: str
    port: int
    trust: object = None
    password: str | None = None

    def without_sign_in(self):
        return self.with_password(None)

    def with_password(self, password):
        return replace(self, password=password)

    def send(self, method, path, headers, body):
        """Sends a request. The connection, and the answer's head."""
        if self.password is not None:
            word = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
            headers = {"Authorization": f"Basic {word}"} | headers
        connection = http.client.HTTPConnection(self.name, self.port)
        if self.trust:
            connection = http.client.HTTPSConnection(self.name, self.port, context=self.trust)
        connection.sock = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        if self.trust:
            connection.sock = self.trust.wrap_socket(connection.sock, server_hostname=self.name)
        connection.request(method, path, body, headers)
        try:
            return connection, connection.getresponse()
        except TimeoutError:
            raise Failed(f"no answer to {method} {path} at port {self.port}") from None

    def ask(self, method, path, headers=None, body=None):
        connection, answer = self.send(method, path, headers or {}, body)
        try:
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.ask("GET", path, headers)


class Stream:
    """The lines of an event stream, as they come."""

    def __init__(self, client):
        self.connection, answer = client.send("GET", "/v1/events", {}, None)
        same("the event stream", (answer.status, answer.headers["content-type"]), (200, "text/event-stream"))
        self.lines = queue.Queue()
        threading.Thread(target=self.read, args=[answer], daemon=True).start()

    def read(self, answer):
        try:
            while line := answer.readline():
                self.lines.put(line.decode().rstrip())
        except (OSError, http.client.HTTPException):
            pass  # the same as its end
        self.lines.put(None)

    def wait(self, what, fits):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                line = self.lines.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise Failed(f"still not: {what}") from None
            if line is None:
                raise Failed(f"the stream ended before {what}")
            if fits(line):
                return
