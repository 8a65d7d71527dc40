"""A member's access to the server: its datagrams go over lines of the test's own, one for each direction."""

import asyncio
import re
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Line(Protocol):
    """One direction: what it does to datagrams that are put onto it."""

    def put(self, datagram: bytes) -> None: ...


class End(asyncio.DatagramProtocol):
    """A socket whose datagrams go onto a line."""

    def __init__(self):
        self.line: Line | None = None
        self.peer, self._transport = None, None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, datagram: bytes, peer: tuple[str, int]) -> None:
        self.peer = peer
        self.line.put(datagram)

    def send(self, datagram: bytes) -> None:
        if self.peer and not self._transport.is_closing():
            self._transport.sendto(datagram, self.peer)

    def port(self) -> int:
        return self._transport.get_extra_info("sockname")[1]

    def close(self) -> None:
        self._transport.close()


L = TypeVar("L", bound=Line)


class Access(Generic[L]):
    """Two lines between a member and the server's UDP port: `up` and `down`."""

    def __init__(self, ends: list[End], up: L, down: L):
        self._ends, self.up, self.down = ends, up, down

    @classmethod
    async def open(cls, server_port: int, make: Callable[[Callable[[bytes], None]], L]) -> "Access[L]":
        """`make` makes a line that leads to what it is given."""
        loop = asyncio.get_running_loop()
        near, far = [end for _, end in [await loop.create_datagram_endpoint(End, ("127.0.0.1", 0)) for _ in range(2)]]
        far.peer = ("127.0.0.1", server_port)
        near.line, far.line = make(far.send), make(near.send)
        return cls([near, far], near.line, far.line)

    def only_way(self, answer: str) -> str:
        """An answer of the server whose only candidate is the near end."""
        port = self._ends[0].port()
        answer = re.sub(r"(?m)^(a=candidate:\S+ 1 )(UDP|udp)( \d+) 127\.0\.0\.1 \d+ ", rf"\1\2\3 127.0.0.1 {port} ", answer)
        lines = answer.split("\r\n")
        return "\r\n".join(line for line in lines if not line.startswith("a=candidate:") or f" 127.0.0.1 {port} " in line)

    def close(self) -> None:
        for end in self._ends:
            end.close()
