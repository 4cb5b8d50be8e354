"""Audit, view Map: the faces as a saved model sees them, those alike beside each other, and clusters of them."""

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.evaluation.atlas import COLOURINGS, LANDMARKS, LEAST, Atlas, cluster_table, colouring, is_known
from fer_core.evaluation.atlas_figures import atlas_map, drawn_rows
from fer_core.evaluation.atlas_worker import Drawing, is_drawing, read_drawing, start_drawing, stop_drawing
from fer_core.store import SavedModel
from pages._ui import audit_edit, cached, charts, errors, faces, pickers, words

LOADING, LOOKING, LAYING_OUT = 15, 0.0025, 0.007
"""Seconds on two idle cores: to load TensorFlow, for a network such as `compact` to look at a face, for a landmark."""
ALL = "all clusters"


def show(dataset: FaceDataset) -> None:
    st.markdown(
        "Each point is a face; faces that the model's last hidden layer takes for alike lie close together. Draw a box "
        "or a lasso around some, or choose a cluster, to see and edit them."
    )
    if model := pickers.model(pickers.default_first(pickers.trained_models())):
        with errors.box():
            if is_known(model, dataset):
                show_map(model, dataset, cached.atlas(model, dataset))
            else:
                drawing = is_drawing(model, dataset)
                st.fragment(errors.boxed(ask_to_draw), run_every=2 if drawing else None)(model, dataset, drawing)


def ask_to_draw(model: SavedModel, dataset: FaceDataset, drawing: bool) -> None:
    """How far the worker is that draws the map, or the button that starts it; `drawing` is what the page knows."""
    if is_drawing(model, dataset) != drawing or is_known(model, dataset):
        st.rerun()  # all of the page, which decides what is shown and how often
    told = read_drawing(model, dataset)
    if drawing:
        show_progress(told)
        st.button("Stop", "stop_map", icon=":material/stop:", on_click=stop_drawing, args=(model, dataset))
        return
    if told:
        errors.show(told.problem or "The process that drew the map ended unexpectedly.")
    if len(dataset) < LEAST:
        st.info(f"A map needs {LEAST} faces at least; there are {len(dataset)}.", icon=":material/info:")
        return
    seconds = LOADING + LOOKING * len(dataset) + LAYING_OUT * min(len(dataset), LANDMARKS)
    st.info(
        f"There is no map of these {len(dataset):,} faces by {model.id} yet. To draw it takes about "
        f"{words.duration(seconds)} on two idle cores with a network such as *compact*, "
        "longer with a larger one. It is done in the background, and the map is kept.",
        icon=":material/map:",
    )
    if st.button("Draw the map", "draw_map", icon=":material/play_arrow:", type="primary"):
        with st.spinner("Starting"):
            start_drawing(model, dataset)
        st.rerun()


def show_progress(told: Drawing | None) -> None:
    if told is None or not told.done:
        st.progress(0.0, "Loading the faces and the network")
    elif told.done < told.n:
        left = words.duration(told.seconds / told.done * (told.n - told.done))
        st.progress(
            told.done / told.n,
            f"{told.done:,} of {told.n:,} faces looked at, about {left} left; then they are laid out",
        )
    else:
        st.progress(1.0, f"All {told.n:,} faces are looked at. Now they are laid out: about a minute, without a bar")


def show_map(model: SavedModel, dataset: FaceDataset, atlas: Atlas) -> None:
    """The picture and the clusters as a table, how they agree with people, and the faces that are chosen."""
    clusters = cluster_table(atlas.cluster, dataset)
    offered = COLOURINGS if dataset.votes is not None else COLOURINGS[:-1]
    by = pickers.choice(
        "Colour by", offered, "colour", help="agreement: the share of annotators who chose the face's label"
    )
    groups = colouring(by, atlas, model, dataset)
    figure = atlas_map(atlas.points, groups, atlas.cluster, clusters["name"], f"Map by {model.id}: {by}")
    event = charts.show(
        figure,
        f"map_{by}",
        selecting=True,
        height=640,
        on_select=faces.first_page,
        selection_mode=("box", "lasso"),
    )
    st.caption(
        "Double-click to clear the selection, or on the legend to show a group alone. Only who is near to whom counts: "
        "the axes and the distances between far groups mean nothing. The numbers name the clusters."
    )
    agreement = cached.cluster_agreement(model, dataset)
    st.markdown(_agreement_in_words(agreement))
    with st.expander("The clusters as a table, and their agreement with people"):
        st.dataframe(_clusters(clusters), hide_index=True, key="clusters", alt="The clusters, the largest first")
        _show_agreement(agreement)
    show_faces(model, dataset, atlas, clusters, _rows(event["selection"]["points"], groups))


def show_faces(
    model: SavedModel, dataset: FaceDataset, atlas: Atlas, clusters: pd.DataFrame, selected: np.ndarray | None
) -> None:
    """The faces that are `selected` in the picture, where some are, and in the chosen cluster, where one is."""
    st.subheader("The faces", anchor=False)
    names = [ALL, *clusters["name"]]  # also in the address: the third cluster of another model is another
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        cluster = st.selectbox(
            "Cluster",
            names,
            key="cluster",
            bind="query-params",
            on_change=faces.first_page,
            width=320,
        )
        odd = st.toggle(
            "Only minority labels",
            key="odd",
            bind="query-params",
            on_change=faces.first_page,
            help="Faces with another label than most of the others have.",
        )
    if selected is None and cluster == ALL:
        st.info("Draw a box or a lasso in the map, or choose a cluster.", icon=":material/select:")
        return
    rows = np.arange(len(dataset)) if selected is None else selected
    rows = rows if cluster == ALL else rows[atlas.cluster[rows] == names.index(cluster) - 1]
    rows = _odd(rows, dataset.emotion) if odd else rows
    where = "selected in the map" if selected is not None else ""
    told = " and ".join(filter(None, [where, "" if cluster == ALL else f"in cluster {cluster}"]))
    st.markdown(f"**{len(rows):,}** {'faces with a minority label' if odd else 'faces'} {told}.")
    if len(rows):
        _show_wall(model, dataset, atlas, rows, f"map of {model.id}: {told}")


def _show_wall(model: SavedModel, dataset: FaceDataset, atlas: Atlas, rows: np.ndarray, why: str) -> None:
    editing = st.container()
    shown = rows[faces.page_of(len(rows))]
    kept = np.intersect1d(st.session_state.get("map_rows", []), rows)  # chosen on another page
    with editing:
        some = st.multiselect(
            "Edit",
            np.union1d(kept, shown).astype(int).tolist(),
            key="map_rows",
            placeholder=f"All {len(rows):,}, or choose rows, page by page",
        )
        audit_edit.edit(dataset, some or rows, "map", why)
    own = audit_edit.captions(dataset, shown, cached.draft(dataset))
    faces.wall(
        dataset, shown, [_caption(row, said, model, dataset, atlas) for row, said in zip(shown, own, strict=True)]
    )


def _caption(row: int, said: str, model: SavedModel, dataset: FaceDataset, atlas: Atlas) -> str:
    lines = [said, f"model {model.labels[atlas.predicted[row]]}"]
    if dataset.votes is not None:
        lines.append(words.most_voted(dataset.votes[row]))
    return "  \n".join(lines)


def _rows(points: list[dict], groups: pd.Categorical) -> np.ndarray | None:
    """The rows of the points that Streamlit tells as selected, ascending; None where there are none."""
    if not points:
        return None
    of_trace = drawn_rows(groups)
    return np.sort([of_trace[point["curve_number"]][point["point_index"]] for point in points])


def _odd(rows: np.ndarray, emotion: np.ndarray) -> np.ndarray:
    """Those of `rows` whose label is not their most frequent one."""
    return rows[emotion[rows] != np.bincount(emotion[rows]).argmax()] if len(rows) else rows


def _clusters(frame: pd.DataFrame) -> pd.DataFrame:
    """`atlas.cluster_table`, to be read."""
    table = {"Cluster": frame["cluster"] + 1, "Faces": frame["n"], "Most are labelled": frame["majority"]}
    table["Share"] = [words.percent(share) for share in frame["share"]]
    if "seen" in frame:
        seen = zip(frame["seen"], frame["seen_share"], strict=True)
        table["Annotators' most frequent answer"] = [f"{name}, {words.percent(share)}" for name, share in seen]
        table["Annotators agree with the label"] = [words.percent(share) for share in frame["agree"]]
    return pd.DataFrame(table)


def _agreement_in_words(frame: pd.DataFrame) -> str:
    """`atlas.cluster_agreement` on the faces outside of Training."""
    unseen = frame[(frame["faces"] == "not Training") & (frame["n"] > 0)]
    scores = [
        f"**{row.nmi:.2f}** with {_SAID[row.labels]} (ARI {row.ari:.2f}, n = {row.n:,})" for row in unseen.itertuples()
    ]
    if not scores:
        return "All faces are Training ones: where a model learned from them, clusters agree with their labels anyway."
    return f"The clusters' agreement (NMI) on the faces outside of Training: {', '.join(scores)}."


def _show_agreement(frame: pd.DataFrame) -> None:
    """`atlas.cluster_agreement`, to be read."""
    table = frame.rename(columns={"faces": "Faces", "labels": "Labels", "n": "n", "nmi": "NMI", "ari": "ARI"})
    scores = dict.fromkeys(("NMI", "ARI"), st.column_config.NumberColumn(format="%.3f"))
    alt = "Agreement of the clusters with the labels and with the annotators' majority"
    st.dataframe(table, hide_index=True, column_config=scores, key="cluster_agreement", alt=alt)
    st.caption(
        "Normalised mutual information (0 to 1) and adjusted Rand index (0 by chance, 1 where clusters and labels are "
        "the same). The model learned from labels of Training faces, so their agreement flatters; the rest is the test."
    )


_SAID = {"CSV": "the labels", "annotators": "the annotators' majority"}
