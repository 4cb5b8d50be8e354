"""How long the CSV takes to read: cold, again from the cache, and the study's way.

Run it with `FER_SOURCE=<the CSV> python -m tests.benchmarks.bench_csv`.
The CSV is unpacked first, so that no way pays for it. The study's way, a table whose pixel text is split and turned
into numbers, needs some 6 GB of memory.
"""

import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from fer_core.data import FaceDataset, load_dataset
from fer_core.data.archives import open_unpacked


def read_as_the_study(path: Path) -> np.ndarray:
    """All pixels, int64 `(n, 2304)`: the fastest of five spellings of `str.split` with `to_numeric` that were tried."""
    frame = pd.read_csv(path, skipinitialspace=True)
    return np.stack(frame["pixels"].astype(object).str.split(" ").apply(pd.to_numeric).tolist())


def timed(call: Callable) -> tuple[object, float]:
    start = time.perf_counter()
    return call(), time.perf_counter() - start


def peak_memory() -> float:
    """Most memory this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "icml_face_data.csv"
        with open_unpacked(Path(os.environ["FER_SOURCE"])) as packed, path.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
        os.environ["FER_DATA"] = str(Path(folder) / "data")
        before = peak_memory()
        dataset, cold = timed(lambda: load_dataset(str(path)))
        memory = peak_memory() - before
        _, again = timed(lambda: load_dataset(str(path)))
        pixels, study = timed(lambda: read_as_the_study(path))
        report(dataset, pixels, cold, again, study, memory)


def report(dataset: FaceDataset, pixels: np.ndarray, cold: float, again: float, study: float, memory: float) -> None:
    equal = bool((dataset.images.reshape(len(dataset), -1) == pixels).all())
    print(f"{len(dataset):,} faces; pixels equal to the study's: {equal}")
    print(f"the study's way {study:6.2f} s")
    print(f"cold            {cold:6.2f} s, 1/{study / cold:.1f} of it; {memory:.0f} MB above the start")
    print(f"again           {again:6.3f} s")


if __name__ == "__main__":
    main()
