#!/usr/bin/python3
"""GStreamer's webrtcbin with its own RSA certificate, as one end of a negotiation with the media server.

Runs under Debian's own Python, which has GStreamer's bindings, and speaks lines of JSON. The first argument says what to publish
and how to connect. It writes {"offer": SDP, "tracks": …, "pictures": [mid…]} and reads {"answer": SDP}; then it writes
{"state": …} for each state of the connection, {"seen": [mid, shade]} for pictures and {"heard": pitch} for sounds.
"""

import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("Nice", "0.1")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC, Nice  # noqa: E402

SEND, RECEIVE = GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY, GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
WIDTH, HEIGHT = 320, 180
AUDIO = {
    "OPUS": ("opusenc ! rtpopuspay", "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,encoding-params=(string)2,payload=111"),
    "PCMU": (
        "audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay",
        "application/x-rtp,media=audio,encoding-name=PCMU,clock-rate=8000,payload=0",
    ),
    "PCMA": (
        "audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay",
        "application/x-rtp,media=audio,encoding-name=PCMA,clock-rate=8000,payload=8",
    ),
}
FEEDBACK = "rtcp-fb-nack=(boolean)true,rtcp-fb-nack-pli=(boolean)true,rtcp-fb-ccm-fir=(boolean)true"
VIDEO = {
    "VP8": (
        "vp8enc deadline=1 cpu-used=8 target-bitrate=300000 keyframe-max-dist=60 ! rtpvp8pay picture-id-mode=15-bit",
        f"application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96,{FEEDBACK}",
    ),
    "H264": (
        "openh264enc bitrate=300000 gop-size=60 ! video/x-h264,profile=constrained-baseline "
        "! rtph264pay config-interval=-1 aggregate-mode=zero-latency",
        "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=102,"
        f"packetization-mode=(string)1,profile-level-id=(string)42e01f,{FEEDBACK}",
    ),
    "H265": (
        "x265enc tune=zerolatency speed-preset=ultrafast bitrate=300 key-int-max=30 option-string=open-gop=0:repeat-headers=1 ! video/x-h265,profile=main "
        "! rtph265pay config-interval=-1 aggregate-mode=zero-latency",
        f"application/x-rtp,media=video,encoding-name=H265,clock-rate=90000,payload=103,{FEEDBACK}",
    ),
}
DECODERS = {
    "VP8": "rtpvp8depay ! vp8dec",
    "H264": "rtph264depay ! h264parse ! openh264dec",
    "H265": "rtph265depay ! h265parse ! avdec_h265",
    "OPUS": "rtpopusdepay ! opusdec",
    "PCMU": "rtppcmudepay ! mulawdec",
    "PCMA": "rtppcmadepay ! alawdec",
}


def tell(**message: object) -> None:
    """One line to whoever started this."""
    with TELLING:
        print(json.dumps(message), flush=True)


TELLING = threading.Lock()


class Peer:
    """One webrtcbin in its pipeline."""

    def __init__(self, wanted: dict[str, object]):
        payload, self._caps = VIDEO[wanted["codec"]]
        sound, sound_caps = AUDIO[wanted["sound"]]
        level = round((wanted["shade"] - 16) * 255 / 219)
        grey = 0xFF000000 | level << 16 | level << 8 | level
        self._pipeline = Gst.parse_launch(
            "webrtcbin name=peer bundle-policy=max-bundle latency=100 "
            f"audiotestsrc is-live=true wave=sine volume=0.3 freq={wanted['pitch']} ! audioconvert ! audioresample "
            f"! {sound} ! {sound_caps} ! queue ! peer. "
            f"videotestsrc is-live=true pattern={wanted['pattern']} foreground-color={grey} "
            f"! video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate=15/1 ! {payload} ! {self._caps} ! queue ! peer."
        )
        self._bin = self._pipeline.get_by_name("peer")
        self._reach(wanted["transport"], wanted.get("turn"))
        for index in range(2):
            self._transceiver(index).set_property("direction", SEND)
        for _ in range(wanted["slots"]):
            self._add(self._caps)
        for _ in range(wanted["slots"]):
            self._add(sound_caps)
        self._slots = wanted["slots"]
        self._bin.connect("pad-added", self._receive)
        self._bin.connect("notify::connection-state", lambda *_: self._tell_state())
        self._bin.connect("notify::ice-gathering-state", lambda *_: self._gathered())
        bus = self._pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _, message: tell(error=str(message.parse_error())))
        self._pipeline.set_state(Gst.State.PLAYING)
        self._bin.emit("create-offer", None, Gst.Promise.new_with_change_func(self._offered, None))

    def handle_answer(self, text: str) -> bool:
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        self._bin.emit("set-remote-description", answer, Gst.Promise.new())
        return GLib.SOURCE_REMOVE

    def _reach(self, transport: str, turn: str | None) -> None:
        """Left alone libnice never uses loopback."""
        # Kept: the binding gives away a reference that it does not have.
        self._ice = ice = self._bin.get_property("ice-agent")
        address = Nice.Address.new()
        address.set_from_string("127.0.0.1")
        ice.get_property("agent").add_local_address(address)
        ice.set_property("ice-udp", transport == "udp" or turn is not None)
        ice.set_property("ice-tcp", transport == "tcp")
        if turn:
            self._bin.emit("add-turn-server", turn)
            self._bin.set_property("ice-transport-policy", GstWebRTC.WebRTCICETransportPolicy.RELAY)

    def _add(self, caps: str) -> None:
        self._bin.emit("add-transceiver", RECEIVE, Gst.Caps.from_string(caps)).set_property("do-nack", True)

    def _transceiver(self, index: int) -> GstWebRTC.WebRTCRTPTransceiver:
        return self._bin.emit("get-transceiver", index)

    def _offered(self, promise: Gst.Promise, _: object) -> None:
        # Named: what is in a reply goes with it.
        reply = promise.get_reply()
        self._bin.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def _gathered(self) -> None:
        if self._bin.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            return
        description = self._bin.get_property("local-description")
        sdp = description.sdp.as_text()
        # The transceivers themselves learn their mids with the answer.
        mids = [line.removeprefix("a=mid:") for line in sdp.splitlines() if line.startswith("a=mid:")]
        tracks = [{"mid": mids[0], "source": "microphone"}, {"mid": mids[1], "source": "camera"}]
        tell(offer=sdp, tracks=tracks, pictures=mids[2 : 2 + self._slots])

    def _tell_state(self) -> None:
        tell(state=self._bin.get_property("connection-state").value_nick)

    def _receive(self, _: Gst.Element, pad: Gst.Pad) -> None:
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        caps = pad.get_current_caps().get_structure(0)
        decoder = DECODERS[caps.get_string("encoding-name").upper()]
        mid = pad.get_property("transceiver").get_property("mid")
        if caps.get_string("media") == "video":
            rest, look = "videoconvert ! video/x-raw,format=I420", lambda sample: tell(seen=[mid, shade_of(sample)])
        else:
            rest, look = "audioconvert ! audioresample ! audio/x-raw,format=S16LE,channels=1,rate=48000", hear
        chain = Gst.parse_bin_from_description(
            f"queue ! {decoder} ! {rest} ! appsink name=sink sync=false emit-signals=true max-buffers=2 drop=true", True
        )
        chain.get_by_name("sink").connect("new-sample", lambda sink: (look(sink.emit("pull-sample")), Gst.FlowReturn.OK)[1])
        self._pipeline.add(chain)
        chain.sync_state_with_parent()
        pad.link(chain.get_static_pad("sink"))


def shade_of(sample: Gst.Sample) -> int:
    """The median of the middle column."""
    structure = sample.get_caps().get_structure(0)
    width, height = structure.get_value("width"), structure.get_value("height")
    stride = (width + 3) // 4 * 4
    data = bytes_of(sample)
    return sorted(data[row * stride + width // 2] for row in range(height))[height // 2]


def hear(sample: Gst.Sample) -> None:
    """Tells the pitch, by the upward crossings of zero, where it is not silent."""
    data = bytes_of(sample)
    levels = [int.from_bytes(data[at : at + 2], "little", signed=True) for at in range(0, len(data) - 1, 2)]
    crossings = [n for n in range(1, len(levels)) if levels[n - 1] < 0 <= levels[n]]
    if max(map(abs, levels), default=0) >= 500 and len(crossings) >= 2:
        tell(heard=(len(crossings) - 1) * 48_000 / (crossings[-1] - crossings[0]))


def bytes_of(sample: Gst.Sample) -> bytes:
    buffer = sample.get_buffer()
    return buffer.extract_dup(0, buffer.get_size())


def main() -> None:
    """Until the input ends."""
    Gst.init(None)
    peer = Peer(json.loads(sys.argv[1]))
    loop = GLib.MainLoop()

    def read() -> None:
        for line in sys.stdin:
            GLib.idle_add(peer.handle_answer, json.loads(line)["answer"])
        GLib.idle_add(loop.quit)

    threading.Thread(target=read, daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()
