"""The picture of an `atlas`. Background and text are the theme's."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import qualitative

from fer_core.evaluation.atlas import NO_VOTES, SHARES
from fer_core.labels import COLOURS, GREY, USAGES

_FEW = 5_000
"""Points above which they are drawn small."""
_SPLITS = dict(zip(USAGES, (GREY, "#D55E00", "#0072B2"), strict=True))
_SHARES = dict(zip([*SHARES, NO_VOTES], ("#D55E00", "#E69F00", "#56B4E9", "#0072B2", GREY), strict=True))
_LABEL = {"showarrow": False, "font": {"color": "#FFFFFF", "size": 13}, "bgcolor": "rgba(28, 40, 48, 0.8)"}


def atlas_map(
    points: np.ndarray, groups: pd.Categorical, cluster: np.ndarray, names: Sequence[str], title: str
) -> go.Figure:
    """Draw `points`, float32 `(n, 2)`, in the colours of their `groups`, an `atlas.colouring`; boxes and lassos select.

    `names` of the clusters stand where most of their points are. One trace a group, the largest first, so that it
    hides no other; `drawn_rows` tells which points it has. No words go with the points: 35,887 are 0.5 MB.
    """
    colours, size = _colours(list(groups.categories)), 3 if len(points) > _FEW else 6
    traces = [
        {
            "type": "scattergl",
            "name": name,
            "legendrank": index,
            "x": points[rows, 0],
            "y": points[rows, 1],
            "mode": "markers",
            "marker": {"size": size, "color": colours[name], "opacity": 0.75},
            "unselected": {"marker": {"opacity": 0.15}},
            "hovertemplate": f"{name}<extra></extra>",
        }
        for index, name, rows in _drawn(groups)
    ]
    axis = {"showticklabels": False, "showgrid": False, "zeroline": False, "title": {"text": ""}}
    layout = {
        "title": {"text": f"{title} ({len(points):,} faces)"},
        "dragmode": "select",
        "hovermode": "closest",
        "xaxis": axis,
        "yaxis": axis,
        "legend": {"itemsizing": "constant"},
        "annotations": [_named(points[cluster == index], name) for index, name in enumerate(names)],
    }
    return go.Figure(traces, layout)


def drawn_rows(groups: pd.Categorical) -> list[np.ndarray]:
    """The rows of each trace of an `atlas_map`, in the order of the traces and of their points."""
    return [rows for _, _, rows in _drawn(groups)]


def _drawn(groups: pd.Categorical) -> list[tuple[int, str, np.ndarray]]:
    """Index, name and rows of each group that has any, the largest first."""
    drawn = [(index, name, np.flatnonzero(groups.codes == index)) for index, name in enumerate(groups.categories)]
    return sorted((group for group in drawn if len(group[2])), key=lambda group: -len(group[2]))


def _colours(names: Sequence[str]) -> dict[str, str]:
    known = COLOURS | _SPLITS | _SHARES
    spare = qualitative.Bold
    return {name: known.get(name, spare[index % len(spare)]) for index, name in enumerate(names)}


def _named(points: np.ndarray, name: str) -> dict:
    x, y = np.median(points, axis=0).tolist() if len(points) else (None, None)
    return {"x": x, "y": y, "text": name.split(",")[0], "visible": bool(len(points)), **_LABEL}
