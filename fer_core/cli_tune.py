"""The verb that tries several values of settings."""

import json
from collections.abc import Callable

from fer_core import store
from fer_core.cli_common import asked_config, load, run_to_its_end, say, settings_arguments
from fer_core.cli_words import ending
from fer_core.errors import RunError
from fer_core.store import SavedModel
from fer_core.training import tuning
from fer_core.training.settings import parse_tried


def tune(arguments) -> tuple[dict, str]:
    """Train a run for each of several values, one after another, and rank them by the validation faces."""
    configs = tuning.variations(asked_config(arguments), parse_tried(arguments.tried))
    models = tuning.create(configs, load(arguments), arguments.name, skip_bad=arguments.skip_bad)
    say(f"{len(models)} runs: {', '.join(model.id for model in models)}")
    results = tuning.results([_to_its_end(model) for model in models])
    trained = results.loc[results["status"] == "finished", "run"]
    lines = [
        "macro recall on validation, with its 95 % interval",
        results.round(3).to_string(index=False, na_rep="–"),
    ]
    if len(trained) > 1:
        asked = f"python -m fer_core compare {' '.join(trained)} --split validation"
        lines.append(f"whether differences may be chance: {asked}")
    return {"runs": json.loads(results.to_json(orient="records", double_precision=15))}, "\n".join(lines)


def _to_its_end(model: SavedModel) -> SavedModel:
    """The run, trained if it was not; one that fails, as the learning rate is too high, say, is a result too."""
    model = store.open_model(model.id)  # it may have been trained elsewhere since
    if model.trained:
        return model
    say(f"run {model.id}")
    ended = run_to_its_end(model)
    if ended.status not in ("finished", "failed"):
        raise RunError(f"{ending(ended)}, or call tune again")
    return ended


def add_arguments(verb: Callable) -> None:
    """Register this verb; `verb(function, source=…)` makes its parser."""
    sub = verb(tune, source=True)
    settings_arguments(sub)
    sub.add_argument(
        "--try",
        dest="tried",
        action="append",
        required=True,
        metavar="SETTING=VALUE",
        help="a value to try; again for more values, and for a second setting: then all combinations are tried",
    )
    sub.add_argument("--name", help="of the runs, with a number each; the same again goes on where it was")
