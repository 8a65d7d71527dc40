"""Who looks after a server by its API."""

import json
import urllib.error
import urllib.request

from live import CLIENT_S, run
from server import Failed, Server


class Operator:
    """Has the token that the server's own command prints."""

    def __init__(self, server: Server, data: str):
        """Data is the folder in which the server keeps its secrets."""
        self._server = server
        self._token = run([str(server.binary), "admin", "--token", "--set", f"data.dir={data}"]).stdout.strip()

    def ask(self, path: str, method: str = "GET") -> object:
        """The API's answer; `None` where it has no body."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self._server.http_port}/api/v1/{path}", method=method)
        asked.add_header("Authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(asked, timeout=CLIENT_S) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as refusal:
            raise Failed(f"{method} {path}: {refusal.code} {refusal.read()}") from refusal
