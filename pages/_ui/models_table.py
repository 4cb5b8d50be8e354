"""The saved models as a table to read."""

import pandas as pd
import streamlit as st

from fer_core.store import SavedModel
from pages._ui import words


def with_tags(models: list[SavedModel]) -> list[SavedModel]:
    """Those that have all of the chosen tags; no choice is offered where no model has one."""
    tags = sorted({tag for model in models for tag in model.tags})
    if not tags:
        return models
    chosen = st.pills("Tags", tags, selection_mode="multi", key="tags", bind="query-params")
    return [model for model in models if set(chosen) <= set(model.tags)]


def table(models: list[SavedModel], default: str | None) -> pd.DataFrame:
    """One row a model, damaged ones among them."""
    rows = [_row(model) | {"Default": "★" if model.id == default else ""} for model in models]
    return pd.DataFrame(rows, columns=["Model", "Default", *_COLUMNS])


_COLUMNS = [
    "Status",
    "Tags",
    "Classes",
    "Network",
    "Parameters",
    "Macro recall, honest",
    "Faces",
    "Faces of",
    "Created (UTC)",
]


def _row(model: SavedModel) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(_COLUMNS, "–") | {"Model": model.id, "Status": model.status}
    if model.problem:
        return row
    record, scores = model.record, model.scores.get("test", {}).get("honest", {})
    row |= {"Tags": ", ".join(model.tags), "Classes": record["scheme"], "Network": record["network"]}
    row["Faces of"] = words.scored_on(record["dataset"]["source"], record["dataset"].get("drawn", False))
    row["Created (UTC)"] = record["created"][:16].replace("T", " ")
    if model.trained:
        row["Parameters"] = f"{record['parameters'] / 1e6:.2f} M"
    if scores.get("macro_recall") is not None:
        numbers = (scores[f"macro_recall{end}"] for end in ("", "_low", "_high"))
        row |= {"Macro recall, honest": words.interval(*numbers), "Faces": f"{scores['n']:,}"}
    return row
