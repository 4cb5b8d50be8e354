"""Milliseconds a face: measured, remembered for this machine and this file, told apart."""

import subprocess
import sys

import pytest
from networked import save_constant
from saved import save_model

from fer_core import machine, store
from fer_core.data.demo import draw_dataset
from fer_core.errors import ModelError
from fer_core.inference import latency
from fer_core.inference.latency import Latency
from fer_core.paths import ROOT, data_dir


def test_what_was_measured_is_known_of_this_file_only():
    """By the network file's sha256: another file under the same name is unknown, a copy under another is known."""
    drawn = draw_dataset()
    model = save_model("one", drawn)
    assert latency.known([model]) == {}
    machine.remember("latency", {latency._key(model): {"alone": 2.5, "batched": 0.5}})
    copy = save_model("copy", drawn)
    assert latency.known([model, copy]) == dict.fromkeys(("one", "copy"), Latency(2.5, 0.5))
    assert latency.known([store.update_record(model, sha256="0" * 64)]) == {}


def test_measurements_stand_beside_each_other():
    """A second one adds to the file; half a file is as good as none."""
    machine.remember("latency", {"a": {"alone": 1}})
    machine.remember("latency", {"b": {"alone": 2}})
    assert machine.remembered("latency") == {"a": {"alone": 1}, "b": {"alone": 2}}
    (data_dir() / "latency.json").write_text('{"a')
    assert machine.remembered("latency") == {}
    for damaged in (b"\xff\xfe\x00", b"[]"):
        (data_dir() / "latency.json").write_bytes(damaged)
        assert machine.remembered("latency") == {}


@pytest.mark.slow
def test_measured_in_a_process_of_its_own():
    """Two positive numbers; what goes wrong is one line."""
    model = save_constant("one", draw_dataset(), "valence", (0.5, 0.5))
    latency.measure_apart([model])
    found = latency.known([model])["one"]
    assert found.alone > 0
    assert found.batched > 0
    model.weights_file.write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"^model 'one': expected model\.keras with the sha256"):
        latency.measure_apart([model])


def test_looking_up_loads_no_tensorflow():
    """The page does so in the server's process."""
    code = "import sys, fer_core.inference.latency; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
