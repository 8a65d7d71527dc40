"""Pion in meetings and streams: over UDP, relayed over TCP, with a data channel."""

import asyncio
import json
from collections.abc import Callable

import pion_member
from gst_member import GstMember
from meeting import LIMIT_S, meeting, until
from member import Member
from pion_member import PionMember
from server import Failed, Server
from stream import AiortcEnd, Session, attended

# The topology of a room that is the media server's from the first.
SFU = {"rooms.topology": "sfu"}


def demand() -> None:
    """Fails where the client is missing."""
    pion_member.demand()


class PionEnd(Session, PionMember):
    """Pion that publishes a stream, or plays one."""

    async def play(self, url: str) -> None:
        self.publishes = False
        await super().play(url)


class Talker(PionMember):
    """Pion with a data channel."""

    data = True


def in_a_meeting(server: Server) -> list[Member]:
    return [PionMember("ana", 60, 300), GstMember("bo", 120, 600, "VP8"), PionMember("cy", 200, 900)]


def relayed(server: Server) -> list[Member]:
    turn = f"127.0.0.1:{server.port}?transport=tcp"
    return [PionMember("ana", 60, 300, turn), Member("bo", 120, 600, "VP8"), PionMember("cy", 200, 900)]


async def streams(server: Server) -> None:
    """Its stream is seen and heard by aiortc and by Pion, and so is that of who comes next, without another offer."""
    first, second = PionEnd("first", 60, 500), AiortcEnd("second", 180, 900, "VP8")
    early, late = PionEnd("early", 0, 0), AiortcEnd("late", 0, 0, "VP8")
    base = f"http://127.0.0.1:{server.http_port}"
    async with attended(first, second, early, late):
        await early.play(f"{base}/whep/live/pion")
        await first.publish(f"{base}/whip/live/pion")
        await late.play(f"{base}/whep/live/pion")
        for publisher in (first, second):
            if publisher is second:
                await first.end()
                await second.publish(f"{base}/whip/live/pion")
            await until(f"both see the {publisher.name}", lambda: early.sees(publisher) and late.sees(publisher))
            await until(f"both hear the {publisher.name}", lambda: early.hears(publisher) and late.hears(publisher))


async def talk(server: Server) -> None:
    """What one says by data channel the other gets from the server, with its name, and in the order in which it was said."""
    ana, bo = Talker("ana", 60, 300), Talker("bo", 120, 600)
    try:
        for one in (ana, bo):
            await one.join(f"ws://127.0.0.1:{server.http_port}/ws", "talk")
        for one in (ana, bo):
            await one.meet(slots=1)
        await until("the channels are open", lambda: ana.open and bo.open)
        said = [{"topic": "pointer", "data": number} for number in range(20)]
        for message in said:
            await ana.say_by_data(json.dumps(message))
        heard = lambda: [json.loads(text) for text in bo.told_by_data]
        await until("bo has heard it all", lambda: len(heard()) == len(said))
        if heard() != [{"uid": "ana", **message} for message in said] or ana.told_by_data or ana.errors or bo.errors:
            raise Failed(f"bo heard {heard()}, ana {ana.told_by_data}; errors {ana.errors + bo.errors}")
    finally:
        await asyncio.gather(ana.leave(), bo.leave(), return_exceptions=True)


def within_limit(story: Callable[[Server], object]) -> Callable[[Server], None]:
    return lambda server: asyncio.run(asyncio.wait_for(story(server), LIMIT_S))


def talks(server: Server) -> None:
    """In a room that is the media server's with two."""
    own = Server(server.binary, settings=SFU)
    try:
        within_limit(talk)(own)
        own.stop()
    finally:
        own.kill()


CHECKS: list[tuple[str, Callable[[Server], None]]] = [
    ("Pion and GStreamer: three in a meeting", meeting("pion", in_a_meeting)),
    ("Pion relayed over TCP: three in a meeting", meeting("pion-relayed", relayed)),
    ("Pion by data channel", talks),
    ("stream of Pion, played by Pion and aiortc", within_limit(streams)),
]
