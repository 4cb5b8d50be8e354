"""How fast a folder of pictures is classified, beside doing it one by one, and how much memory that takes.

Run it with `python -m tests.benchmarks.bench_batch [model] [pictures …]`; without them `compact`, and 1,000 and 10,000
pictures for the memory, which takes some minutes. The photos are one of NASA's (scikit-image's) at many sizes, as JPEG,
looked at by both ways in turn. The pictures for the memory are drawn faces of 48 × 48, which nobody searches, and
each tenth the photo at 192 × 192. Peak memory is that of all processes together, as the system counts what they share
once for each.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import skimage.data
from PIL import Image

from fer_core.data.demo import draw_dataset
from fer_core.evaluation.decision import PLAIN
from fer_core.inference.batch import classify_files, classify_looked, list_pictures, look
from fer_core.inference.classifier import Classifier

PICTURES = (1_000, 10_000)
PHOTOS = 128
SIDES = (512, 640, 800, 1024)
ROUNDS = 3


def write_photos(folder: Path) -> list[str]:
    """Photos of `SIDES`, as a folder of real ones would be."""
    photo = Image.fromarray(skimage.data.astronaut())
    for number in range(PHOTOS):
        side = SIDES[number % len(SIDES)] - number // len(SIDES)
        photo.resize((side, side)).save(folder / f"{number:05}.jpg")
    return list_pictures([folder])


def write_mixture(folder: Path, count: int) -> None:
    drawn, photo = draw_dataset().images, Image.fromarray(skimage.data.astronaut()).resize((192, 192))
    for number in range(count):
        picture = Image.fromarray(drawn[number % len(drawn)]) if number % 10 else photo
        picture.save(folder / f"{number:05}.png")


def one_by_one(paths: Iterable[str], classifier: Classifier) -> int:
    return sum(len(classify_looked([look(path)], classifier, PLAIN)[0]["faces"]) for path in paths)


def in_chunks(paths: list[str], classifier: Classifier) -> int:
    found = classify_files(paths, classifier, workers=os.cpu_count() or 1)
    return sum(len(file["faces"]) for some in found for file in some)


def compare(model: str) -> None:
    """Pictures a second of both ways, in turn; the best of each, and how the middle ones compare."""
    classifier = Classifier.load(model)
    with tempfile.TemporaryDirectory() as folder:
        paths = write_photos(Path(folder))
        one_by_one(paths[:4], classifier)
        rates: dict[Callable, list[float]] = {one_by_one: [], in_chunks: []}
        for _ in range(ROUNDS):
            for way, told in rates.items():
                begun = time.perf_counter()
                faces = way(paths, classifier)
                told.append(len(paths) / (time.perf_counter() - begun))
                print(f"{way.__name__}: {told[-1]:.1f} pictures a second, {faces} faces", flush=True)
    alone, together = (sorted(told) for told in rates.values())
    print(f"{len(paths)} photos: {together[ROUNDS // 2] / alone[ROUNDS // 2]:.2f} times as fast in the median")


def memory_of(pid: int) -> float:
    """MB that the process and its children hold now; 0 where it has ended."""
    try:
        held = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return held + sum(memory_of(int(child)) for child in children)


def peak_of(process: subprocess.Popen) -> float:
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, memory_of(process.pid))
        time.sleep(0.1)
    return peak


def measure(model: str, count: int) -> None:
    """The whole verb on so many pictures: rate and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        pictures.mkdir()
        write_mixture(pictures, count)
        words = ["predict", model, str(pictures), "--out", f"{folder}/faces.parquet"]
        begun = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "fer_core", *words], stderr=subprocess.DEVNULL)
        peak = peak_of(process)
        rate = count / (time.perf_counter() - begun)
    print(f"{count:,} pictures: at most {peak:.0f} MB, {rate:.1f} pictures a second with start", flush=True)


def main() -> None:
    model, *counts = sys.argv[1:] or ["compact"]
    compare(model)
    for count in map(int, counts or PICTURES):
        measure(model, count)


if __name__ == "__main__":
    main()
