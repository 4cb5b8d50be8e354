"""Settings as words on the command line."""

import shlex
from dataclasses import fields, replace
from itertools import pairwise

import pytest

from fer_core.training.config import PRESETS, TrainConfig
from fer_core.training.settings import as_command, as_word, parse_settings, parse_tried


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("width=24", 24),
        ("width=none", None),
        ("learning_rate=1e-3", 0.001),
        ("minutes=3", 3.0),
        ("minutes=None", None),
        ("mirror=true", True),
        ("mirror=False", False),
        ("scheme = negative", "negative"),
        ("start=", ""),
        ("sides=48", (48,)),
        ("sides=32, 48", (32, 48)),
        ("teachers=first,second", ("first", "second")),
        ("teachers=", ()),
    ],
)
def test_word_is_read_by_the_type_of_its_setting(word, value):
    """One word to one setting, of the very type that the config has."""
    name = word.partition("=")[0].strip()
    assert parse_settings([word]) == {name: value}
    assert type(parse_settings([word])[name]) is type(value)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_setting_can_be_given_in_words(preset):
    """All fields of a preset, written out, make it again from the defaults."""
    config = PRESETS[preset]
    assert (
        replace(
            TrainConfig(),
            **parse_settings(f"{field.name}={as_word(getattr(config, field.name))}" for field in fields(config)),
        )
        == config
    )


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("width", "expected SETTING=VALUE, found 'width'"),
        ("colour=red", "unknown setting 'colour': expected one of scheme, network, width"),
        ("epochs=many", "epochs: expected a whole number, found 'many'"),
        ("epochs=none", "epochs: expected a whole number, found 'none'"),
        ("width=2.5", "width: expected a whole number or none, found '2.5'"),
        ("learning_rate=", "learning_rate: expected a number, found ''"),
        ("mirror=yes", "mirror: expected true or false, found 'yes'"),
        ("sides=32,x", "sides: expected a whole number or several, separated by commas, found '32,x'"),
    ],
)
def test_word_that_does_not_fit_is_refused(word, message):
    """What was expected and what was found."""
    with pytest.raises(ValueError, match=message):
        parse_settings([word])


def test_two_values_for_one_setting_are_refused():
    """Nobody knows which was meant."""
    with pytest.raises(ValueError, match="width: expected one value, found 24 and 32; leave one out"):
        parse_settings(["width=24", "seed=1", "width=32"])


def test_values_of_one_setting_stand_together():
    """In the order in which they were given, whatever stands between them."""
    assert parse_tried(["seed=2", "sides=32,48", "seed=1"]) == {"seed": [2, 1], "sides": [(32, 48)]}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_command_makes_the_same_config(preset):
    """From whichever preset is nearest, by what is different."""
    config = replace(PRESETS[preset], seed=7, sides=(48,), learning_rate=1e-05, version="my version")
    words = shlex.split(as_command([config], "a file.csv", "mine"))
    assert words[:5] == ["python", "-m", "fer_core", "train", "--preset"]
    changed = [value for flag, value in pairwise(words) if flag == "--set"]
    assert replace(PRESETS[words[5]], **parse_settings(changed)) == config
    assert words[-4:] == ["--source", "a file.csv", "--name", "mine"]


def test_a_preset_by_itself_needs_no_setting():
    """And no name where none is given."""
    assert as_command([PRESETS["fast"]], "demo") == "python -m fer_core train --preset fast --source demo"
    assert as_command([PRESETS["fast"]], "x.csv", skip_bad=True).endswith(" --source x.csv --skip-bad")


def test_values_to_try_are_a_command_too():
    """Each value once, in the order in which they are tried."""
    configs = [replace(PRESETS["quick"], width=width, seed=seed) for width in (8, 16) for seed in (3, 2)]
    assert as_command(configs, "demo") == (
        "python -m fer_core tune --preset quick --try width=8 --try width=16 --try seed=3 --try seed=2 --source demo"
    )
