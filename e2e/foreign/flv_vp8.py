"""VP8 in Enhanced FLV, which no player of Debian's and not even ffmpeg 9 decodes: the tags are taken apart here, libvpx and ffmpeg's AAC do the rest."""

from array import array
from collections.abc import Iterator

import av
from member import shade_of
from played import BRIGHT, SOUND_HZ, Played

HEADER_BYTES, TAG_BYTES, BACK_BYTES = 13, 11, 4
AUDIO, VIDEO = 8, 9
AAC = 10
# Coded frames, coded frames without a composition time.
FRAMES, FRAMES_X = 1, 3


def tags(data: bytes) -> Iterator[tuple[int, float, bytes]]:
    """Kind, time in seconds and body of each whole tag."""
    at = HEADER_BYTES
    while at + TAG_BYTES <= len(data):
        kind, length = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        millis = int.from_bytes(bytes([data[at + 7]]) + data[at + 4 : at + 7], "big")
        body = data[at + TAG_BYTES : at + TAG_BYTES + length]
        at += TAG_BYTES + length + BACK_BYTES
        if len(body) == length:
            yield kind, millis / 1000, body


def played_vp8(data: bytes) -> Played:
    """What is to be seen and heard in a piece of FLV from its header on."""
    seen: list[tuple[float, bool]] = []
    heard: list[tuple[float, array]] = []
    vp8, aac = av.CodecContext.create("vp8", "r"), av.CodecContext.create("aac", "r")
    to_mono = av.AudioResampler(format="s16", layout="mono", rate=SOUND_HZ)
    for kind, at, body in tags(data):
        if kind == VIDEO and body[0] & 0x80 and body[1:5] == b"vp08" and body[0] & 15 in (FRAMES, FRAMES_X):
            seen += [(at, shade_of(frame) > BRIGHT) for frame in vp8.decode(av.Packet(body[5:]))]
        elif kind == AUDIO and body[0] >> 4 == AAC and body[1] == 0:
            aac.extradata = body[2:]
        elif kind == AUDIO and body[0] >> 4 == AAC:
            for frame in aac.decode(av.Packet(body[2:])):
                frame.pts = None
                heard += [(at, array("h", bytes(mono.planes[0])[: mono.samples * 2])) for mono in to_mono.resample(frame)]
    return Played.of(seen, heard)
