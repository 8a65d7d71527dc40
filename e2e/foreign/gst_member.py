"""A member of a meeting whose end is GStreamer's webrtcbin, in a process of its own (gst_peer.py)."""

import json
import subprocess
from pathlib import Path
from urllib.parse import quote

from process_member import ProcessMember
from server import PASSWORD, USER, Failed

# Debian's own: GStreamer's bindings belong to it and to no other Python on the path.
PYTHON = "/usr/bin/python3"
PEER = Path(__file__).with_name("gst_peer.py")
ELEMENTS = ["webrtcbin", "nicesrc", "dtlsenc", "srtpenc", "vp8enc", "openh264enc", "x265enc", "avdec_h265", "opusenc", "mulawenc", "alawenc"]
PACKAGES = (
    "python3-gi gir1.2-gst-plugins-bad-1.0 gir1.2-nice-0.1 gstreamer1.0-tools gstreamer1.0-nice "
    "gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav"
)


def demand() -> None:
    """Fails where the client is missing."""
    try:
        probe = "import gi; [gi.require_version(*v) for v in (('Gst', '1.0'), ('GstWebRTC', '1.0'), ('Nice', '0.1'))]"
        subprocess.run([PYTHON, "-c", probe], check=True, capture_output=True)
        for element in ELEMENTS:
            subprocess.run(["gst-inspect-1.0", element], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(f"missing: GStreamer with webrtcbin ({error}); Debian packages {PACKAGES}") from error


class GstMember(ProcessMember):
    """One webrtcbin in a room."""

    # What videotestsrc draws.
    pattern = "solid-color"

    def __init__(self, name: str, shade: int, pitch_hz: int, codec: str, transport: str = "udp", turn: str | None = None, sound: str = "OPUS"):
        super().__init__(name, shade, pitch_hz, codec, turn)
        self.over_udp = transport == "udp"
        relay = turn and f"turn://{USER}:{quote(PASSWORD)}@{turn}"
        self._wanted = {"codec": codec, "shade": shade, "pitch": pitch_hz, "sound": sound, "transport": transport, "turn": relay}

    def _command(self, slots: int) -> list[str]:
        return [PYTHON, str(PEER), json.dumps({**self._wanted, "slots": slots, "pattern": self.pattern})]
