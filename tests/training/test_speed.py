"""How fast a config trains here, and what follows from it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from time import sleep

import pytest

from fer_core import machine
from fer_core.paths import ROOT, data_dir
from fer_core.training import speed
from fer_core.training.config import TrainConfig
from fer_core.training.speed import Speed

TINY = TrainConfig(width=2, batch_size=4, sides=(32, 48), precision="float32")
MEASURED = Speed("bfloat16", {32: 100.0, 48: 50.0})


def measured_by_process(text: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "fer_core.training.speed"],
        input=text,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_estimate_adds_up_the_epochs_of_each_side_and_their_evaluation():
    """600 faces: two epochs of 6 s at 32 px and two of 12 s at 48 px; an eighth of that at a third of the cost."""
    config = replace(TINY, epochs=4)
    assert speed.estimate(config, 600, MEASURED) == pytest.approx(36 + 36 / 24)


def test_estimate_ends_with_the_minutes():
    """Of four epochs of 12 s, three begin within half a minute, and end; each is evaluated."""
    config = replace(TINY, epochs=4, minutes=0.5, sides=(48,))
    assert speed.estimate(config, 600, MEASURED) == pytest.approx(36 + 36 / 24)
    assert speed.estimate(replace(config, minutes=0.1), 600, MEASURED) == pytest.approx(12 + 12 / 24)
    assert speed.estimate(replace(config, minutes=2), 600, MEASURED) == pytest.approx(48 + 48 / 24)


def test_estimate_counts_a_third_for_frozen_epochs():
    """The first of the epochs at 32 px takes 2 s instead of 6."""
    config = replace(TINY, epochs=4, frozen_epochs=1)
    assert speed.estimate(config, 600, MEASURED) == pytest.approx(32 + 36 / 24)


def test_what_was_measured_is_known_to_configs_of_the_same_speed():
    """Epochs, rate and name of the rows don't matter; network, width, batch, votes, sides and precision do."""
    assert speed.known(TINY) is None
    speed.remember(TINY, MEASURED)
    assert speed.known(replace(TINY, epochs=7, learning_rate=0.01, rows="clean", sides=(32, 32, 48))) == MEASURED
    for change in (
        {"network": "study", "sides": (48,)},
        {"width": 3},
        {"batch_size": 8},
        {"votes_weight": 0.5},
        {"sides": (40, 48)},
        {"precision": "auto"},
    ):
        assert speed.known(replace(TINY, **change)) is None, change


def test_measurements_stand_beside_each_other():
    """A second config adds to the file."""
    other = replace(TINY, width=3)
    speed.remember(TINY, MEASURED)
    speed.remember(other, Speed("float32", {32: 1.0, 48: 2.0}))
    assert speed.known(TINY) == MEASURED
    assert speed.known(other) == Speed("float32", {32: 1.0, 48: 2.0})


def test_damaged_measurements_are_made_again():
    """Half a file is as good as none, and is replaced."""
    speed.remember(TINY, MEASURED)
    (data_dir() / "speed.json").write_text('{"Intel')
    assert speed.known(TINY) is None
    speed.remember(TINY, MEASURED)
    assert speed.known(TINY) == MEASURED


def test_auto_becomes_the_precision_that_was_measured():
    """At all sides or, which is enough, at 48 px; a precision that is given stays."""
    config = replace(TINY, precision="auto")
    speed.remember(replace(config, sides=(48,)), MEASURED)
    assert speed.resolve(config) == replace(config, precision="bfloat16")
    speed.remember(config, Speed("float32", {32: 1.0, 48: 2.0}))
    assert speed.resolve(config) == TINY
    assert speed.resolve(TINY) == TINY


def test_auto_is_measured_where_nothing_is_known():
    """The config comes back with a precision, and the next one like it needs no measurement."""
    config = replace(TINY, precision="auto", sides=(48,))
    chosen = speed.resolve(config).precision
    assert chosen in ("float32", "bfloat16")
    found = speed.known(config)
    assert found is not None
    assert found.precision == chosen
    assert list(found.images_per_second) == [48]


def test_only_a_processor_with_bfloat16_instructions_is_asked_for_it():
    """Elsewhere it is emulated; on a busy machine a noisy measurement once chose it, at a third of the speed."""
    config = replace(TINY, precision="auto", sides=(48,))
    if not machine.multiplies_bfloat16():
        assert speed.measure(config).precision == "float32"
    assert speed.measure(replace(config, precision="bfloat16")).precision == "bfloat16"


def test_precisions_take_turns():
    """Each is compiled by a first step, then all are timed one after the other, and the fastest step counts."""
    order = []
    seconds = speed._seconds(
        {"slow": lambda side: order.append("s") or sleep(0.02), "quick": lambda side: order.append("q")}, 48
    )
    assert "".join(order) == "sq" + "sq" * speed.STEPS
    assert seconds["slow"] >= 0.02


def test_process_prints_one_object_and_remembers_it():
    """A config goes in by standard input; the numbers of both sizes come out, and are known afterwards."""
    done = measured_by_process(json.dumps(TINY.to_json()))
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert set(record) == {"precision", "images_per_second"}
    assert record["precision"] == "float32"
    assert set(record["images_per_second"]) == {"32", "48"}
    assert all(value > 0 for value in record["images_per_second"].values())
    assert speed.known(TINY) == Speed("float32", {int(k): v for k, v in record["images_per_second"].items()})


@pytest.mark.parametrize(("text", "words"), [("{", "Expecting"), ('{"colour": 1}', "found colour"), ("[]", "expected")])
def test_process_refuses_what_is_no_config(text, words):
    """One line, exit code 2, nothing on standard output."""
    done = measured_by_process(text)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_looking_up_loads_no_tensorflow():
    """The page asks for known speeds and estimates in the server's process."""
    code = "import sys, fer_core.training.speed; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
