"""Encoders that publish by WHIP, seen and heard by everybody else: ffmpeg plays RTMP, HTTP-FLV, transport streams and HLS in both containers.

Of each way is measured how many pictures decode, which tone is heard, and how far sound and pictures are apart.
"""

import asyncio
import tempfile
from array import array
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
from live import FLASHES_MIN, PLAYED_S, RATE, SKEW_MS, edges, publishing, run
from server import Failed, Server
from stream import AiortcEnd, GstEnd, Session

TONE_HZ = 1000
TONE_TOLERANCE_HZ = 15
SHADE_TOLERANCE = 12
SOUND_HZ = 48000
# Sound below that is none.
LOUD = 2000
STORY_LIMIT_S = 60


def whip_source(url: str) -> list[str]:
    """A picture that is white for a tenth of every second and black else, and a tone in the same tenths, as a WHIP client sends them."""
    flash = "geq=lum='if(lt(mod(T,1),0.1),235,16)':cb=128:cr=128"
    beep = f"aevalsrc=exprs='if(lt(mod(t,1),0.1),0.5*sin(2*PI*{TONE_HZ}*t),0)|if(lt(mod(t,1),0.1),0.5*sin(2*PI*{TONE_HZ}*t),0)':s={SOUND_HZ}"
    picture = f"color=size=64x48:rate={RATE},format=yuv420p,{flash}"
    return [
        *[imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-re", "-f", "lavfi", "-i", picture, "-re", "-f", "lavfi", "-i", beep],
        *["-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0", "-g", str(RATE)],
        *["-c:a", "libopus", "-b:a", "64k", "-f", "whip", url],
    ]


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


def play(url: str) -> tuple[str, array]:
    """What ffmpeg prints of pictures and sound of some seconds, and the sound itself."""
    looks = (
        "[0:v]signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file=-[v];[0:a]asplit[m][s];"
        "[m]astats=metadata=1:reset=1:length=0.01,ametadata=mode=print:key=lavfi.astats.Overall.RMS_level:file=-[a]"
    )
    with tempfile.TemporaryDirectory() as folder:
        heard = Path(folder) / "heard"
        command = ["ffmpeg", "-v", "error", "-i", url, "-t", str(PLAYED_S), "-filter_complex", looks]
        command += ["-map", "[v]", "-map", "[a]", "-f", "null", "-", "-map", "[s]", "-t", str(PLAYED_S)]
        played = run([*command, "-ac", "1", "-ar", str(SOUND_HZ), "-f", "s16le", str(heard)])
        # FLV has milliseconds and a frame of sound has 21 1/3: what ffmpeg makes of that overlaps by half of one now and then.
        errors = [line for line in played.stderr.splitlines() if "non monotonically increasing dts to muxer" not in line]
        if played.returncode != 0 or errors:
            raise Failed(f"{url}: ffmpeg ended with {played.returncode}:\n{played.stderr}")
        samples = array("h", heard.read_bytes())
    return played.stdout, samples


def pitch(samples: array) -> float:
    """The tone of what is loud: how often it crosses zero, in pieces of 50 ms; the median of the pieces."""
    piece = SOUND_HZ // 20
    found = []
    for start in range(0, len(samples) - piece, piece // 2):
        part = samples[start : start + piece]
        # Only where all of the piece is tone.
        if min(max(map(abs, part[at : at + piece // 10])) for at in range(0, piece, piece // 10)) < LOUD:
            continue
        risings = [at for at in range(1, piece) if part[at - 1] < 0 <= part[at]]
        if len(risings) > 2:
            found.append((len(risings) - 1) * SOUND_HZ / (risings[-1] - risings[0]))
    return sorted(found)[len(found) // 2] if found else 0.0


def demand_tone(way: str, samples: array, tone_hz: int) -> float:
    """The tone that was sent, and no other."""
    heard = pitch(samples)
    if abs(heard - tone_hz) > TONE_TOLERANCE_HZ:
        raise Failed(f"{way}: a tone of {heard:.0f} Hz instead of {tone_hz}")
    return heard


def demand_in_step(way: str, url: str) -> str:
    """Plays what `whip_source` sends; a line of what was measured."""
    printed, samples = play(url)
    flashes, beeps, pictures = edges(printed)
    heard = demand_tone(way, samples, TONE_HZ)
    if pictures < (PLAYED_S - 1) * RATE:
        raise Failed(f"{way}: {pictures} pictures in {PLAYED_S} s")
    # The first may have begun before we came.
    skews = [min((beep - flash for beep in beeps), key=abs, default=9.0) * 1000 for flash in flashes[1:]]
    if len(skews) < FLASHES_MIN or max(map(abs, skews)) > SKEW_MS:
        raise Failed(f"{way}: flashes at {flashes}, beeps at {beeps}: ms apart {skews}")
    return f"      {way:10} {pictures:4} pictures, {heard:4.0f} Hz, sound after picture by {min(skews):+.0f} to {max(skews):+.0f} ms"


def ffmpeg_by_whip(server: Server) -> None:
    """One after the other, so that one stream is left and joined again."""
    lines = []
    with publishing(whip_source(f"http://127.0.0.1:{server.http_port}/whip/live/whip-ffmpeg")):
        for way, url in outputs(server, "whip-ffmpeg").items():
            lines.append(demand_in_step(way, url))
    print("\n".join(lines), flush=True)


def by_whip(name: str, make: Callable[[], Session], ways: list[str]) -> Callable[[Server], None]:
    """A check that the shade and the pitch of a publisher are those that ffmpeg sees and hears."""

    async def story(server: Server) -> None:
        publisher = make()
        try:
            await publisher.publish(f"http://127.0.0.1:{server.http_port}/whip/live/{name}")
            for way in ways:
                printed, samples = await asyncio.to_thread(play, outputs(server, name)[way])
                heard = demand_tone(way, samples, publisher.pitch_hz)
                shades = sorted(float(line.split("=")[1]) for line in printed.splitlines() if "YAVG=" in line)
                shade = shades[len(shades) // 2] if shades else 0.0
                if abs(shade - publisher.shade) > SHADE_TOLERANCE:
                    raise Failed(f"{way}: a shade of {shade:.0f} instead of {publisher.shade}, {len(shades)} pictures")
                print(f"      {way:10} {len(shades):4} pictures, shade {shade:.0f}, {heard:4.0f} Hz", flush=True)
        finally:
            await publisher.end()

    return lambda server: asyncio.run(asyncio.wait_for(story(server), STORY_LIMIT_S))


CHECKS = [
    ("ffmpeg publishes WHIP, played by RTMP, FLV, TS and HLS in step", ffmpeg_by_whip),
    ("GStreamer publishes WHIP, played by RTMP and HLS", by_whip("whip-gst", lambda: GstEnd("gst", 60, 500, "H264"), ["RTMP", "HLS, MP4"])),
    ("aiortc publishes WHIP, played by FLV and HLS", by_whip("whip-aio", lambda: AiortcEnd("aio", 180, 900, "H264"), ["HTTP-FLV", "HLS, TS"])),
]
