"""Settings of a run."""

import pytest

from fer_core import networks
from fer_core.networks.imagenet import APPLICATIONS
from fer_core.training import config
from fer_core.training.config import LIMITS, PRESETS, TrainConfig, get_preset
from fer_core.training.loop import learning_rate


@pytest.mark.parametrize("preset", PRESETS)
def test_config_goes_out_and_comes_back_equal(preset):
    """What stands in `model.json` makes the same config again."""
    assert TrainConfig.from_json(PRESETS[preset].to_json()) == PRESETS[preset]


def test_networks_are_those_of_the_registry():
    """What settings know of networks without importing them is true."""
    specs = networks.NETWORKS.values()
    assert set(config.NETWORKS) == {spec.name for spec in specs}
    assert set(config.FIXED_SIDE) == {spec.name for spec in specs if spec.side}
    assert set(config.FROM_IMAGENET) == {spec.name for spec in specs if spec.width is None} == set(APPLICATIONS)


@pytest.mark.parametrize("name", LIMITS)
def test_limits_hold(name):
    """Each limit is of a setting, and what lies beyond is refused in its name."""
    for beyond in (LIMITS[name][0] - 1, LIMITS[name][1] + 1):
        with pytest.raises(ValueError, match=f"{name}: expected"):
            TrainConfig(**{name: beyond})


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("epochs", 0, "epochs: expected 1 to"),
        ("learning_rate", -1.0, "learning_rate: expected"),
        ("sides", (32, 64), "sides: expected"),
        ("optimizer", "lion", "unknown optimizer 'lion'"),
        ("scheme", "moods", "unknown scheme 'moods'"),
        ("network", "alexnet", "unknown network 'alexnet'"),
        ("fold", 1, "fold: expected one of the 1"),
        ("start", "imagenet", "start imagenet: expected network mobilenet or"),
    ],
)
def test_bad_setting_is_refused_in_words(setting, value, words):
    """Each refusal names the setting and what was expected."""
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        TrainConfig(**{setting: value})


def test_settings_that_clash_are_refused():
    """One size of the faces, or one width, where a network has but one."""
    with pytest.raises(ValueError, match="sides: expected 48 only"):
        TrainConfig(network="study", sides=(32, 48))
    with pytest.raises(ValueError, match="width: expected none"):
        TrainConfig(network="mobilenet", width=32)


def test_unknown_setting_of_a_record_is_refused():
    """A record of another version is not read as if it were of this one."""
    with pytest.raises(ValueError, match="found colour"):
        TrainConfig.from_json({"colour": 1})


def test_preset_takes_changes_that_are_given():
    """None leaves a setting as the preset has it."""
    assert get_preset("compact", epochs=3, minutes=None) == TrainConfig.from_json(
        PRESETS["compact"].to_json() | {"epochs": 3}
    )


def test_sides_share_the_epochs_equally():
    """Six epochs at three sizes: two each."""
    growing = TrainConfig(epochs=6, sides=(32, 40, 48))
    assert [growing.side(epoch) for epoch in range(6)] == [32, 32, 40, 40, 48, 48]


def test_the_last_sides_remain_where_there_are_more_than_epochs():
    """The saved network looks at the last one, so that is learned in any case."""
    assert [TrainConfig(epochs=2, sides=(32, 40, 48)).side(epoch) for epoch in range(2)] == [40, 48]


def test_cosine_rises_then_falls_to_nothing():
    """Half of the peak in the middle of the warm-up, the peak after it, half again midway down, 0 at the end."""
    warm = TrainConfig(learning_rate=0.1, warmup=0.2)
    rates = [learning_rate(warm, share) for share in (0.1, 0.2, 0.6, 1.0)]
    assert rates == pytest.approx([0.05, 0.1, 0.05, 0.0])


@pytest.mark.parametrize("warmup", [1e-5, 0.0005, 0.001])
def test_no_warm_up_is_so_short_that_it_begins_above_the_peak(warmup):
    """At the first batch the rate is the peak at most."""
    assert learning_rate(TrainConfig(learning_rate=0.1, warmup=warmup), 0) <= 0.1
