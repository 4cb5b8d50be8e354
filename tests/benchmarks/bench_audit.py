"""How long the audit of copies takes, how that grows, and what the plain ways take.

Run it with `FER_SOURCE=<the CSV> python -m tests.benchmarks.bench_audit [times as many rows …]`; without them 1, 2 and
10, which takes some minutes and 2 GB. More rows than there are: mirrored, shifted faces mixed with another one. Times
are processor seconds, so that whatever else the machine does counts little; on two idle cores about half passes. Where
it isn't idle, `OPENBLAS_NUM_THREADS=1` spares the processor seconds in which one thread waits for another.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.neighbors import NearestNeighbors

from fer_core.data import load_dataset
from fer_core.data.copies import BLANK, NEAR, audit, measure_copies
from fer_core.data.cosine import _vectors, blocks
from fer_core.data.dataset import FaceDataset
from tests.benchmarks.bench_csv import peak_memory

TIMES = (1, 2, 10)
PLAIN = 12_000
"""Rows that the plain ways get: of all they take 5 GB and more."""


def all_at_once(images: np.ndarray) -> set[tuple[int, int]]:
    """All pairs by one product and one mask."""
    vectors = _vectors(images, np.arange(len(images)))
    return set(map(tuple, np.argwhere(np.triu(vectors @ vectors.T >= NEAR, 1)).tolist()))


def neighbours(images: np.ndarray) -> set[tuple[int, int]]:
    """scikit-learn's neighbours in a radius."""
    vectors = _vectors(images, np.arange(len(images)))
    found = NearestNeighbors(radius=1 - NEAR, metric="cosine").fit(vectors).radius_neighbors(return_distance=False)
    return {(i, int(j)) for i, others in enumerate(found) for j in others if i < j}


def ours(images: np.ndarray) -> set[tuple[int, int]]:
    return set(map(tuple, measure_copies(images, NEAR).near.tolist()))


def timed(call: Callable) -> tuple[object, float, float]:
    passed, processor = time.perf_counter(), time.process_time()
    return call(), time.process_time() - processor, time.perf_counter() - passed


def compare(dataset: FaceDataset) -> None:
    """Time of the plain ways on the first rows, and whether they find the same."""
    images = np.asarray(dataset.images[:PLAIN])
    images = images[images.std((1, 2)) >= BLANK]
    expected, own, _ = timed(lambda: ours(images))
    print(f"{len(images):,} faces: ours {own:.1f} s")
    for plain in (all_at_once, neighbours):
        found, seconds, _ = timed(lambda plain=plain: plain(images))
        apart = f"{len(found)} pairs, {len(found - expected)} not ours; {len(expected - found)} of ours not its"
        print(f"  {plain.__name__}: {seconds:.1f} s, {seconds / own:.1f} × ours; {apart}")


def enlarged(images: np.ndarray, times: int, path: Path) -> np.ndarray:
    """`times` as many images in a file: the real ones, and mirrored, shifted ones mixed with two fifths of another."""
    file = np.lib.format.open_memmap(path, "w+", np.uint8, (times * len(images), *images.shape[1:]))
    file[: len(images)] = images
    rng = np.random.default_rng(0)
    for some in blocks(file[len(images) :]):
        first, second = (images[np.sort(rng.integers(0, len(images), len(some)))] for _ in range(2))
        moved = np.roll(first[:, :, ::-1], rng.integers(-3, 4, 2), (1, 2))
        some[:] = 0.6 * moved + 0.4 * second[rng.permutation(len(some))]
    return file


def grow(dataset: FaceDataset, times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        images = enlarged(dataset.images, times, Path(folder) / "images.npy")
        found, processor, passed = timed(lambda: measure_copies(images))
        print(
            f"{len(images):,} faces: {processor:.0f} s of processors, {passed:.0f} s passed, {len(found.near):,} "
            f"pairs; {peak_memory():.0f} MB at most so far",
            flush=True,
        )


def main() -> None:
    dataset = load_dataset(os.environ["FER_SOURCE"])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FER_DATA"] = folder  # nothing is known yet
        before = peak_memory()
        found, processor, passed = timed(lambda: audit(dataset))
        _, again, _ = timed(lambda: audit(dataset))
    print(f"whole audit of {len(dataset):,} faces: {processor:.1f} s of processors, {passed:.1f} s passed; ", end="")
    print(f"{peak_memory():.0f} MB at most, {before:.0f} before; again {again:.2f} s; {found.exact_groups:,} groups")
    for times in map(int, sys.argv[1:] or TIMES):
        grow(dataset, times)
    compare(dataset)


if __name__ == "__main__":
    main()
