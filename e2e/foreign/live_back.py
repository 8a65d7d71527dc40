"""Encoders that publish by WHIP, seen and heard by those who read frames: the first of them wakes the way from WebRTC, the last lets it rest."""

import asyncio
from collections.abc import Callable

from played import demand_tone, play
from server import Failed, Server
from stream import H265_FFMPEG, AiortcEnd, GstEnd, Session

SHADE_TOLERANCE = 12
STORY_LIMIT_S = 60


def outputs(server: Server, name: str) -> dict[str, str]:
    """Every way in which frames are read."""
    base = f"http://127.0.0.1:{server.http_port}/live/{name}"
    return {
        "RTMP": f"rtmp://127.0.0.1:{server.rtmp_port}/live/{name}",
        "HTTP-FLV": f"{base}.flv",
        "HTTP-TS": f"{base}.ts",
        "HLS, TS": f"{base}.m3u8",
        "HLS, MP4": f"{base}/index.m3u8",
    }


def by_whip(name: str, make: Callable[[], Session], ways: list[str], player: str = "ffmpeg") -> Callable[[Server], None]:
    """A check that the shade and the pitch of a publisher are those that ffmpeg sees and hears."""

    async def story(server: Server) -> None:
        publisher = make()
        try:
            await publisher.publish(f"http://127.0.0.1:{server.http_port}/whip/live/{name}")
            for way in ways:
                printed, samples = await asyncio.to_thread(play, outputs(server, name)[way], player)
                heard = demand_tone(samples, publisher.pitch_hz)
                shades = sorted(float(line.split("=")[1]) for line in printed.splitlines() if "YAVG=" in line)
                shade = shades[len(shades) // 2] if shades else 0.0
                if abs(shade - publisher.shade) > SHADE_TOLERANCE:
                    raise Failed(f"{way}: a shade of {shade:.0f} instead of {publisher.shade}, {len(shades)} pictures")
                print(f"      {way:10} {len(shades):4} pictures, shade {shade:.0f}, {heard:4.0f} Hz", flush=True)
        finally:
            await publisher.end()

    return lambda server: asyncio.run(asyncio.wait_for(story(server), STORY_LIMIT_S))


CHECKS = [
    ("GStreamer publishes WHIP, played by RTMP and HLS", by_whip("whip-gst", lambda: GstEnd("gst", 60, 500, "H264"), ["RTMP", "HLS, MP4"])),
    ("GStreamer publishes WHIP, H.265, played by RTMP and HLS", by_whip("whip-265", lambda: GstEnd("gst", 60, 500, "H265"), ["RTMP", "HLS, TS", "HLS, MP4"], H265_FFMPEG)),
    ("aiortc publishes WHIP, played by FLV and HLS", by_whip("whip-aio", lambda: AiortcEnd("aio", 180, 900, "H264"), ["HTTP-FLV", "HLS, TS"])),
]
