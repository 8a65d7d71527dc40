"""aioice: two agents that may use nothing but relayed candidates, and raw allocations until there are none left."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

try:
    import aioice
    from aioice.stun import TransactionFailed
    from aioice.turn import create_turn_endpoint
except ImportError:
    aioice = None

from server import PASSWORD, USER, Failed, Server

LIMIT_S = 30
MESSAGES = 100
ALLOCATION_MISMATCH = 437
PORTS_TRIED = 3
# Files that a starved server may have open: what it needs for itself, and a few allocations.
OPEN_FILES = 64


def demand() -> None:
    """Fails where the client is missing."""
    if aioice is None:
        raise Failed("missing: aioice (pip install -r e2e/requirements.txt)")
    # Left alone aioice goes on without a candidate, and never says which error it met.
    aioice.ice.relayed_candidate = persistent(aioice.ice.relayed_candidate)


def persistent(gather: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    """What gathers a relayed candidate, from another port where an earlier client left its allocation behind (RFC 8656 §7.4)."""

    async def relayed_candidate(**wish: object) -> object:
        for _ in range(PORTS_TRIED - 1):
            try:
                return await gather(**wish)
            except Exception as error:
                print(f"      aioice's Allocate: {type(error).__name__}: {error}", flush=True)
                if error_code(error) != ALLOCATION_MISMATCH:
                    raise
        return await gather(**wish)

    return relayed_candidate


def error_code(error: Exception) -> int | None:
    """The code of a STUN error response."""
    return error.response.attributes["ERROR-CODE"][0] if isinstance(error, TransactionFailed) else None


def within_limit(story: Callable[[Server], Awaitable[None]]) -> Callable[[Server], None]:
    """A check out of a coroutine, which fails with whatever the client raised."""

    def check(server: Server) -> None:
        try:
            asyncio.run(asyncio.wait_for(story(server), LIMIT_S))
        except Failed:
            raise
        except Exception as error:
            raise Failed(f"{type(error).__name__}: {error}") from error

    return check


def agent(server: Server, host: str, controlling: bool, transport: str, tls: object) -> "aioice.Connection":
    return aioice.Connection(
        ice_controlling=controlling,
        turn_server=(host, server.port),
        turn_username=USER,
        turn_password=PASSWORD,
        turn_transport=transport,
        turn_ssl=tls,
        transport_policy=aioice.TransportPolicy.RELAY,
    )


def call(host: str, transport: str, encrypted: bool = False) -> Callable[[Server], None]:
    """A check that two relayed agents connect and exchange messages both ways without loss."""

    async def story(server: Server) -> None:
        tls = trusting(server.certificate()) if encrypted else False
        agents = [agent(server, host, controlling, transport, tls) for controlling in (True, False)]
        for one, other in (agents, agents[::-1]):
            await one.gather_candidates()
            kinds = {candidate.type for candidate in one.local_candidates}
            if kinds != {"relay"}:
                raise Failed(f"candidates of other kinds than relay: {kinds or 'none at all'}")
            for candidate in one.local_candidates:
                await other.add_remote_candidate(candidate)
            await other.add_remote_candidate(None)
            other.remote_username, other.remote_password = one.local_username, one.local_password
        try:
            await asyncio.gather(*(one.connect() for one in agents))
            for one, other in (agents, agents[::-1]):
                for number in range(MESSAGES):
                    sent = number.to_bytes(2, "big") * 600
                    await one.send(sent)
                    received = await other.recv()
                    if received != sent:
                        raise Failed(f"message {number} arrived as {received[:16]!r}…")
        finally:
            await asyncio.gather(*(one.close() for one in agents))

    return within_limit(story)


def trusting(certificate: Path) -> ssl.SSLContext:
    """TLS that trusts the server's own certificate and none else."""
    context = ssl.create_default_context(cafile=str(certificate))
    # The certificate is no authority's: it is trusted for itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return context


async def allocate_until_none_is_left(starved: Server) -> None:
    allocations = []
    code = None
    try:
        for _ in range(2 * OPEN_FILES):
            allocations.append(await allocate(starved))
    except TransactionFailed as refusal:
        code = error_code(refusal)
    if not allocations:
        raise Failed(f"not one allocation, error {code}\n{starved.log()}")
    if code != 508:
        raise Failed(f"{len(allocations)} allocations, then error {code} and not 508\n{starved.log()}")
    starved.demand_alive()
    # Room for one is room for another, and the server has lost nothing over it.
    allocations.pop().close()
    await asyncio.sleep(0)
    deadline = asyncio.get_running_loop().time() + LIMIT_S / 2
    while True:
        try:
            allocations.append(await allocate(starved))
            break
        except TransactionFailed:
            if asyncio.get_running_loop().time() > deadline:
                raise
    for transport in allocations:
        transport.close()


async def allocate(server: Server) -> asyncio.DatagramTransport:
    transport, _ = await create_turn_endpoint(
        asyncio.DatagramProtocol, ("127.0.0.1", server.port), username=USER, password=PASSWORD
    )
    return transport


def starve(server: Server) -> None:
    """A second server that may open few files refuses what it cannot open, with the right code, and lives on."""
    starved = Server(server.binary, open_files=OPEN_FILES)
    try:
        within_limit(allocate_until_none_is_left)(starved)
        starved.stop()
    finally:
        starved.kill()


CHECKS: list[tuple[str, Callable[[Server], None]]] = [
    ("aioice relay-only over UDP", call("127.0.0.1", "udp")),
    ("aioice relay-only over UDP on IPv6", call("::1", "udp")),
    ("aioice relay-only over TCP", call("127.0.0.1", "tcp")),
    ("aioice relay-only over TLS", call("127.0.0.1", "tcp", encrypted=True)),
    ("aioice out of file descriptors gets 508 and room again", starve),
]
