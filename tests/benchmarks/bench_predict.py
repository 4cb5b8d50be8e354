"""How soon Predict answers: a photo, a face, many faces, and the first photo of a fresh process.

Run it with `python -m tests.benchmarks.bench_predict [MODEL]` on two idle cores. The photo is scikit-image's astronaut,
on 1280 × 960 pixels. What is printed is the median of `REPEATS`, with the fastest beside it. Where the peer package
`fer` is installed, its classifier answers the same faces.
"""

import io
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from fer_core.inference.classifier import Classifier
from fer_core.inference.detectors import get_detector
from fer_core.inference.photo import read_photo
from fer_core.inference.predict import find_faces
from tests.benchmarks.peer import MISSING, Peer, installed

REPEATS = 30
FACES = 2048
PROCESSES = 3
SIZE = 1280, 960
_FRESH = """
import sys, time
begun = time.perf_counter()
from fer_core.inference.classifier import Classifier
from fer_core.inference.detectors import get_detector
from fer_core.inference.photo import read_photo
from fer_core.inference.predict import find_faces
_, crops = find_faces(read_photo(sys.stdin.buffer.read()), get_detector())
assert len(Classifier.load(sys.argv[1]).probabilities(crops))
print(time.perf_counter() - begun)
"""


def photo() -> bytes:
    """A JPEG of 1280 × 960 with one face."""
    from skimage import data

    file = io.BytesIO()
    Image.fromarray(data.astronaut()).resize((960, 960)).crop((-160, 0, 1120, 960)).save(file, "JPEG", quality=90)
    return file.getvalue()


def seconds(task: Callable, repeats: int = REPEATS) -> tuple[float, float]:
    """Median and fastest of `repeats`, after a first one that isn't counted."""
    task()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        task()
        times.append(time.perf_counter() - begun)
    return float(np.median(times)), min(times)


def report(what: str, times: tuple[float, float], goal: str = "") -> None:
    median, fastest = (1000 * time for time in times)
    print(f"{what:<52}{median:>10,.1f} ms{fastest:>10,.1f} ms  {goal}", flush=True)


def report_rate(what: str, times: tuple[float, float], goal: str = "") -> None:
    median, fastest = (FACES / time for time in times)
    print(f"{what:<52}{median:>10,.0f} /s{fastest:>10,.0f} /s  {goal}", flush=True)


def fresh(model: str, data: bytes) -> float:
    """Seconds from the start of a process's work to its first answer."""
    done = subprocess.run([sys.executable, "-c", _FRESH, model], input=data, capture_output=True, check=True)
    return float(done.stdout)


def peer(faces: np.ndarray) -> None:
    """The classifier of the peer, without its detector: as it answers by default, and its Keras network."""
    if not installed():
        print(MISSING)
        return
    for name, quantized in (("fer", True), ("fer, its Keras network", False)):
        asked, ready = Peer(quantized=quantized), Peer.ready(faces)
        report(f"{name}: one face", seconds(lambda asked=asked, ready=ready: asked.probabilities(ready[:1]), 200))
        report_rate(f"{name}: {FACES:,} faces", seconds(lambda asked=asked, ready=ready: asked.probabilities(ready), 5))


def main() -> None:
    model, data = (sys.argv[1] if sys.argv[1:] else "compact"), photo()
    print(f"{model}\n{'':<52}{'median':>13}{'fastest':>13}")
    times = [fresh(model, data) for _ in range(PROCESSES)]
    report("first photo of a fresh process", (float(np.median(times)), min(times)), "goal: 8,000")
    classifier, detector = Classifier.load(model), get_detector()
    rgb = read_photo(data)
    crops = np.random.default_rng(0).integers(0, 256, (FACES, 48, 48), np.uint8)
    whole = "photo of 1280 × 960 with one face, bytes to answer"
    report(whole, seconds(lambda: classifier.probabilities(find_faces(read_photo(data), detector)[1])), "goal: 400")
    report("  its decoding", seconds(lambda: read_photo(data)))
    report("  finding and cropping the face", seconds(lambda: find_faces(rgb, detector)))
    report("one face", seconds(lambda: classifier.probabilities(crops[:1]), 200), "goal: 4")
    report_rate(f"{FACES:,} faces", seconds(lambda: classifier.probabilities(crops), 5), "goal: 1,000 (flagship 400)")
    peer(crops)


if __name__ == "__main__":
    main()
