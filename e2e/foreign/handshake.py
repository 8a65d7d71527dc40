"""DTLS handshakes of aiortc with large RSA certificates over lines that lose, repeat and reorder datagrams."""

import asyncio
import datetime
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiortc import RTCCertificate, RTCPeerConnection
from aiortc.rtcdtlstransport import RTCDtlsTransport
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from line import Access
from meeting import until
from OpenSSL import SSL
from server import Failed, Server
from stream import AiortcEnd, attended

KEY_BITS = 4096
# The first bytes of DTLS records (RFC 7983 §7).
DTLS = range(20, 64)
# Shares of the datagrams of each direction.
LOST, REPEATED = 0.2, 0.1
# A datagram takes up to this long: several that left together arrive in another order.
DELAY_S = 0.06
RUNS, AT_ONCE = 20, 10
# Of them so many are over in time. OpenSSL repeats a flight 1, 3 and 7 s after it has sent it first, so that chance may leave one behind.
IN_TIME, HANDSHAKE_S = 18, 12
LIMIT_S = 120
# What fits a datagram on every path, and the header of a DTLS 1.2 record with the place of its length.
DATAGRAM_BYTES, HEADER_BYTES, LENGTH = 1200, 13, slice(11, 13)
SUITES = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"


class Bad:
    """A line that loses, repeats and reorders datagrams of DTLS, by a seed, until it is mended. aioice asks too seldom for ICE to bear it."""

    def __init__(self, seed: int, deliver: Callable[[bytes], None]):
        self._random, self._deliver, self.mended = random.Random(seed), deliver, False

    def put(self, datagram: bytes) -> None:
        if self.mended or datagram[0] not in DTLS:
            self._deliver(datagram)
            return
        copies = 0 if self._random.random() < LOST else 2 if self._random.random() < REPEATED else 1
        for _ in range(copies):
            asyncio.get_running_loop().call_later(self._random.uniform(0, DELAY_S), self._deliver, datagram)


@dataclass
class Identity:
    """A key with its certificate and those of who signed it, the nearest first."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    above: list[x509.Certificate]

    @classmethod
    def of_itself(cls) -> "Identity":
        key = rsa.generate_private_key(65_537, KEY_BITS)
        return cls(key, certificate("itself", key, "itself", key), [])

    @classmethod
    def of_authorities(cls) -> "Identity":
        """Signed by an authority that another has signed: 3 certificates, some 4 kB."""
        root, middle, key = (rsa.generate_private_key(65_537, KEY_BITS) for _ in range(3))
        above = [certificate("middle", middle, "root", root), certificate("root", root, "root", root)]
        return cls(key, certificate("end", key, "middle", middle), above)


def certificate(name: str, key: rsa.RSAPrivateKey, signed_by: str, signing: rsa.RSAPrivateKey) -> x509.Certificate:
    named = lambda common: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
    now, day = datetime.datetime.now(tz=datetime.timezone.utc), datetime.timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(signed_by)).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
    return builder.sign(signing, hashes.SHA256())


class Large(RTCCertificate):
    """aiortc's certificate with an RSA key, those above it, and the suites that go with it."""

    def __init__(self, identity: Identity):
        super().__init__(identity.key, identity.certificate)
        self._above = identity.above

    def _create_ssl_context(self, *profiles: object, **named: object) -> SSL.Context:
        context = super()._create_ssl_context(*profiles, **named)
        context.set_cipher_list(SUITES)
        for each in self._above:
            context.add_extra_chain_cert(each)
        return context


async def write_flight(transport: RTCDtlsTransport) -> None:
    """Sends what OpenSSL has written, whole records in each datagram. aiortc sends 1500 bytes of it, which cuts a record of a large flight in two."""
    written = b""
    try:
        while True:
            written += transport._ssl.bio_read(DATAGRAM_BYTES)
    except SSL.Error:
        pass
    datagram = b""
    while written:
        length = HEADER_BYTES + int.from_bytes(written[LENGTH], "big")
        if datagram and len(datagram) + length > DATAGRAM_BYTES:
            await transport.transport._send(datagram)
            datagram = b""
        datagram, written = datagram + written[:length], written[length:]
    if datagram:
        await transport.transport._send(datagram)


class Viewer(AiortcEnd):
    """An aiortc player behind a bad line, with a certificate of its own; the server or the client of the handshake."""

    connect_s = HANDSHAKE_S

    def __init__(self, seed: int, identity: Identity, calls: bool, server_port: int):
        super().__init__(f"viewer {seed}", 0, 0, "VP8")
        self._seed, self._identity, self._calls, self._server_port = seed, identity, calls, server_port
        self._access: Access[Bad] | None = None
        self._begun = self._done = None

    def _connection(self) -> RTCPeerConnection:
        connection = super()._connection()
        # aiortc 1.16 has no other way to bring one's own.
        connection._RTCPeerConnection__certificates = [Large(self._identity)]
        return connection

    async def _negotiate(self, sdp: str, tracks: object) -> str:
        transport = self._pc.getTransceivers()[0].receiver.transport
        transport._write_ssl = lambda: write_flight(transport)
        transport.on("statechange", lambda: self._note(transport.state))
        seeds = random.Random(self._seed)
        self._access = await Access.open(self._server_port, lambda deliver: Bad(seeds.getrandbits(32), deliver))
        offer = sdp if self._calls else sdp.replace("a=setup:actpass", "a=setup:passive")
        answer = self._access.only_way(await super()._negotiate(offer, tracks))
        if f"a=setup:{'passive' if self._calls else 'active'}" not in answer:
            raise Failed(f"another role in the handshake than was asked for:\n{answer}")
        return answer

    def _note(self, state: str) -> None:
        if state == "connecting":
            self._begun = time.monotonic()
        elif state == "connected":
            self._done = time.monotonic()
            self._access.up.mended = self._access.down.mended = True

    async def took_s(self, url: str) -> float:
        """Plays; from the first flight to the last. Without end where it was not over in time."""
        try:
            await self.play(url)
        except Failed:
            if self._pc.connectionState != "connecting":
                raise
        return self._done - self._begun if self._done else math.inf

    async def leave(self) -> None:
        await super().leave()
        if self._access:
            self._access.close()


def handshakes(name: str, make: Callable[[], Identity], calls: bool) -> Callable[[Server], None]:
    """A check that viewers are connected in time, and hear when their lines are mended: both ends have the same keys."""

    async def story(server: Server) -> None:
        url = f"http://127.0.0.1:{server.http_port}"
        identity, publisher = make(), AiortcEnd("publisher", 120, 700, "VP8")
        took: list[float] = []
        async with attended(publisher):
            await publisher.publish(f"{url}/whip/live/{name}")
            for first in range(0, RUNS, AT_ONCE):
                viewers = [Viewer(seed, identity, calls, server.port) for seed in range(first, first + AT_ONCE)]
                async with attended(*viewers):
                    durations = await asyncio.gather(*(one.took_s(f"{url}/whep/live/{name}") for one in viewers))
                    connected = [one for one, took_s in zip(viewers, durations) if took_s < math.inf]
                    await until("they hear the publisher", lambda: all(one.hears(publisher) for one in connected))
                    took += durations
        took.sort()
        print(f"      {name}: {RUNS} handshakes, median {took[RUNS // 2]:.1f} s, longest {took[-1]:.1f} s", flush=True)
        if took[IN_TIME - 1] > HANDSHAKE_S:
            raise Failed(f"fewer than {IN_TIME} of {RUNS} handshakes within {HANDSHAKE_S} s: {took}")

    return lambda server: asyncio.run(asyncio.wait_for(story(server), LIMIT_S))


CHECKS: list[tuple[str, Callable[[Server], None]]] = [
    ("aiortc with an RSA certificate calls over a bad line", handshakes("rsa", Identity.of_itself, calls=True)),
    ("aiortc with three RSA certificates calls over a bad line", handshakes("rsa-chain", Identity.of_authorities, calls=True)),
    ("aiortc with three RSA certificates is called over a bad line", handshakes("rsa-called", Identity.of_authorities, calls=False)),
]
