"""What a player got of a stream in which picture and sound flash together: how many pictures, which tone, and how far the two are apart."""

import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from live import run
from server import Failed

PLAYED_S = 6
SKEW_MS = 40
FLASHES_MIN = 3
TONE_TOLERANCE_HZ = 15
SOUND_HZ = 48000
BRIGHT = 128
# Sound below that is none.
LOUD = 2000
# -30 dB, which is where what ffmpeg measures is cut as well.
LOUD_RMS = 1036


@dataclass(frozen=True)
class Played:
    """Some seconds of a stream: when it became bright, when it became loud, both by the stream's own times, and its sound."""

    pictures: int
    flashes: list[float]
    beeps: list[float]
    samples: array

    @classmethod
    def of(cls, seen: list[tuple[float, bool]], heard: list[tuple[float, array]]) -> "Played":
        """Of the times of pictures, bright or not, and of pieces of sound."""
        flashes = [at for (_, was), (at, bright) in zip(seen, seen[1:], strict=False) if bright and not was]
        return cls(len(seen), flashes, beginnings(heard), array("h", [level for _, levels in heard for level in levels]))

    def measure(self, tone_hz: int, pictures_min: int, own_ms: tuple[float, float] = (0.0, 0.0)) -> str:
        """Demands all three; a line of what was measured. `own_ms` is by how much the sound was late before we got it, from and to."""
        heard = demand_tone(self.samples, tone_hz)
        if self.pictures < pictures_min:
            raise Failed(f"{self.pictures} pictures instead of {pictures_min}")
        skews = self.skews_ms()
        if len(skews) < FLASHES_MIN or not own_ms[0] - SKEW_MS <= min(skews) <= max(skews) <= own_ms[1] + SKEW_MS:
            raise Failed(f"flashes at {self.flashes}, beeps at {self.beeps}: ms apart {skews}")
        return f"{self.pictures} / {heard:.0f} / {min(skews):+.0f}..{max(skews):+.0f}"

    def skews_ms(self) -> list[float]:
        """By how much sound comes after the picture, at each flash. The first may have begun before we came, and the last may end after we went."""
        return [min((beep - flash for beep in self.beeps), key=abs, default=9.0) * 1000 for flash in self.flashes[1:-1]]


def played(source: str, program: str = "ffmpeg", skip_s: int = 0) -> Played:
    """What ffmpeg makes of a URL, or of a file from there on."""
    printed, samples = play(source, program, ["-ss", str(skip_s)] if skip_s else [])
    flashes, beeps, pictures = edges(printed)
    return Played(pictures, flashes, beeps, samples)


def play(source: str, program: str = "ffmpeg", options: Sequence[str] = ()) -> tuple[str, array]:
    """What ffmpeg prints of pictures and sound of some seconds, and the sound itself."""
    looks = (
        "[0:v]signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file=-[v];[0:a]asplit[m][s];"
        "[m]astats=metadata=1:reset=1:length=0.01,ametadata=mode=print:key=lavfi.astats.Overall.RMS_level:file=-[a]"
    )
    with tempfile.TemporaryDirectory() as folder:
        heard = Path(folder) / "heard"
        command = [program, "-v", "error", *options, "-i", source, "-t", str(PLAYED_S), "-filter_complex", looks]
        command += ["-map", "[v]", "-map", "[a]", "-f", "null", "-", "-map", "[s]", "-t", str(PLAYED_S)]
        ended = run([*command, "-ac", "1", "-ar", str(SOUND_HZ), "-f", "s16le", str(heard)])
        # FLV has milliseconds and a frame of sound has 21 1/3: what ffmpeg makes of that overlaps by half of one now and then.
        errors = [line for line in ended.stderr.splitlines() if "non monotonically increasing dts to muxer" not in line]
        if ended.returncode != 0 or errors:
            raise Failed(f"{source}: ffmpeg ended with {ended.returncode}:\n{ended.stderr}")
        samples = array("h", heard.read_bytes())
    return ended.stdout, samples


def edges(printed: str) -> tuple[list[float], list[float], int]:
    """When it became bright, when it became loud, and how many pictures there were."""
    at, bright, loud, pictures = 0.0, False, False, 0
    flashes, beeps = [], []
    for line in printed.splitlines():
        if "pts_time:" in line:
            at = float(line.split("pts_time:")[1].split()[0])
        elif "YAVG=" in line:
            pictures += 1
            was, bright = bright, float(line.split("=")[1]) > BRIGHT
            if bright and not was:
                flashes.append(at)
        elif "RMS_level=" in line:
            level = line.split("=")[1]
            was, loud = loud, level != "-inf" and float(level) > -30
            if loud and not was:
                beeps.append(at)
    return flashes, beeps, pictures


def beginnings(heard: list[tuple[float, array]]) -> list[float]:
    """When it became loud, by looks of 10 ms."""
    beeps, loud, step = [], False, SOUND_HZ // 100
    for at, levels in heard:
        for first in range(0, len(levels), step):
            look = levels[first : first + step]
            was, loud = loud, sum(level * level for level in look) / len(look) > LOUD_RMS**2
            if loud and not was:
                beeps.append(at + first / SOUND_HZ)
    return beeps


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


def demand_tone(samples: array, tone_hz: int) -> float:
    """The tone that was sent, and no other."""
    heard = pitch(samples)
    if abs(heard - tone_hz) > TONE_TOLERANCE_HZ:
        raise Failed(f"a tone of {heard:.0f} Hz instead of {tone_hz}")
    return heard
