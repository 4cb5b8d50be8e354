"""A folder that is classified by a process which is killed again and again; and how much memory it takes."""

import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from pictures import LABELS, Brightness, write_faces

from fer_core.inference.batch import CHUNK, classify_files
from fer_core.inference.table import schema, to_table
from fer_core.paths import ROOT

KILLS = int(os.environ.get("FER_KILLS", "4"))
PICTURES = 12 * CHUNK * KILLS
"""More than are done in the moments before the last kill."""
MORE = 10
"""MB that three quarters of 4,000 pictures may take; kept, their pixels and answers would be 30."""
KEEPER = """
import resource, sys
from pathlib import Path
from pictures import LABELS, Brightness
from fer_core.inference.batch import classify_files, list_pictures
from fer_core.inference.growing import growing
from fer_core.inference.table import schema, to_table
from fer_core.paths import shown

def keep(folder, out, workers):
    columns = schema(LABELS)
    with growing(Path(out), columns, {"model": "brightness"}) as table:
        todo = [path for path in list_pictures([folder]) if shown(path) not in table.done]
        for files in classify_files(todo, Brightness(), workers=int(workers)):
            table.add(to_table(files, columns))
            print(len(files), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
        table.finish()

if __name__ == "__main__":
    keep(*sys.argv[1:])
"""


@pytest.fixture
def start(tmp_path):
    """Start a process that classifies a folder into `faces.parquet`: a line a chunk, with its peak memory."""
    script = tmp_path / "keeper.py"
    script.write_text(KEEPER)
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))

    def begin(folder, workers: int = 2) -> subprocess.Popen:
        command = [sys.executable, str(script), str(folder), str(tmp_path / "faces.parquet"), str(workers)]
        return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True)

    return begin


def test_killed_at_any_moment_no_picture_is_missing_or_twice(tmp_path, start):
    """However often it is killed, the table in the end is that of one who wasn't; and it leaves no process behind."""
    rng = random.Random(0)
    pictures = tmp_path / "pictures"
    expected = [file for some in classify_files(write_faces(pictures, PICTURES), Brightness()) for file in some]
    done = 0
    for _ in range(KILLS):
        keeper = start(pictures)
        for _ in range(rng.randint(1, 2)):
            done += bool(keeper.stdout.readline())
        time.sleep(rng.uniform(0, 0.1))
        keeper.send_signal(signal.SIGKILL)
        done += len(keeper.communicate(timeout=120)[0].splitlines())  # ends when all who hold its output have ended
    assert len(list((tmp_path / "faces.parquet.parts").glob("[0-9]*.parquet"))) in range(done, done + KILLS + 1)
    keeper = start(pictures)
    assert len(keeper.communicate()[0].splitlines()) <= PICTURES // CHUNK - done
    assert keeper.returncode == 0
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "faces.parquet"), to_table(expected, schema(LABELS)).to_pandas()
    )
    assert not (tmp_path / "faces.parquet.parts").exists()


def test_memory_stays_flat(tmp_path, start):
    """4,000 pictures take hardly more than 1,000: neither the pictures nor the answers are kept."""
    write_faces(tmp_path / "pictures", 4_000)
    keeper = start(tmp_path / "pictures", workers=1)
    lines = keeper.communicate()[0].splitlines()
    done, peaks = zip(*(map(int, line.split()) for line in lines), strict=True)
    assert sum(done) == 4_000
    unit = 2**20 if sys.platform == "darwin" else 2**10
    assert (peaks[-1] - peaks[len(peaks) // 4]) / unit < MORE
