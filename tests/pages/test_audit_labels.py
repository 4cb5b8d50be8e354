"""The page Audit, view Labels: before the models are there, while they train, and the ranking."""

import numpy as np
import pytest
from flipped import flip
from voted import write_voted

from fer_core.data import load_dataset
from fer_core.data.draft import Draft
from fer_core.data.versions import Version, delete_version, save_version
from fer_core.evaluation.doubt import contradiction
from fer_core.labels import EMOTIONS, get_scheme
from fer_core.paths import write_atomic
from fer_core.training import doubt, runs, speed
from pages._ui import words

STUDY = get_scheme("study")


@pytest.fixture
def config(faces):
    """What the page offers first for drawn faces."""
    return doubt.fold_config("quick")


@pytest.fixture
def ranking(faces, config):
    """Of answers as three folds would have left them."""
    keep_answers(faces, config)
    return doubt.ranking(faces, {"quick": config})


def keep_answers(faces, config) -> None:
    """The models are sure of the labels, but for 30, of which they are sure otherwise."""
    rows = np.flatnonzero(STUDY.classes(faces.emotion) >= 0)
    believed = flip(STUDY.classes(faces.emotion[rows]), 30, seed=0)
    sure = np.random.default_rng(0).uniform(0.8, 0.95, (len(rows), 1))
    y_prob = np.where(np.eye(6)[believed] == 1, sure, (1 - sure) / 5).astype(np.float32)
    path = doubt._file(faces, config)
    write_atomic(path, lambda file: np.savez(file, rows=rows, y_prob=y_prob))


def shown_rows(app) -> list[int]:
    """Rows of the table of faces."""
    return next(list(frame.value["Row"]) for frame in app.dataframe if "Row" in frame.value)


def why(app) -> list[str]:
    """What the table of faces gives as reasons."""
    return next(list(frame.value["Why"]) for frame in app.dataframe if "Why" in frame.value)


def test_without_models_it_says_what_to_do(open_page, said):
    """The empty state, and a button that starts; nothing is made by looking."""
    app = open_page("audit", view="Labels")
    assert "not been judged by *quick* in this way yet. 3 models" in said(app)
    assert app.button(key="start_folds").label == "Train the 3 models"
    assert app.button(key="measure_speed")


def test_estimate_of_all_folds(open_page, said, config):
    """Where the machine was measured, the time of the three runs."""
    speed.remember(config, speed.Speed("float32", {48: 203.0}))
    assert "for 3 runs on" in said(open_page("audit", view="Labels"))


def test_folds_on_the_way(open_page, said, faces, config):
    """One stopped, one failed, one never started: what is done, why it failed, and a way on."""
    first, second, _ = doubt.create(faces, config)
    runs.tell(first, "stopped")
    runs.tell(second, "failed", reason="ResourceExhaustedError: no memory")
    app = open_page("audit", view="Labels")
    assert "**0 of 3** models of *quick* are trained" in said(app)
    assert app.error[0].value == "ResourceExhaustedError: no memory"
    assert app.button(key="start_folds").label == "Go on"


def test_folds_at_work(open_page, said, faces, config):
    """While one is at work there is its bar, and a button that stops them all."""
    first, *_ = doubt.create(faces, config)
    with first.lock:
        runs.tell(first, "queued", pid=1)
        runs.tell(first, "started")
        app = open_page("audit", view="Labels")
        assert app.button(key="stop_folds")
        app.button(key="stop_folds").click().run()
        assert not app.exception
    assert runs.stop_requested(first)


def test_ranking_is_shown(open_page, said, ranking):
    """The doubtful training faces, the most doubtful first, each with its reason."""
    app = open_page("audit", view="Labels")
    expected = ranking[(ranking["usage"] == "Training") & ranking["is_issue"]]
    assert f"{len(expected):,} faces, the most doubtful first" in said(app)
    assert shown_rows(app) == list(expected["row"])[: len(shown_rows(app))]
    assert why(app) == list(expected["reason"])[: len(why(app))]
    assert "fer2013new.csv" in said(app)


def test_another_list_begins_on_its_first_page(open_page, ranking):
    """That of other classes, and that of another page of the app."""
    app = open_page("audit", view="Labels", doubt_split="all", doubt_issues="false", faces_page="2")
    assert app.session_state["faces_page"] == 2
    app.switch_page("pages/evaluate.py").run()
    assert "faces_page" not in app.session_state
    app = open_page("audit", view="Labels", doubt_split="all", doubt_issues="false", faces_page="2")
    (classes,) = (box for box in app.button_group if box.label == "Classes")
    classes.set_value("all").run()
    assert app.session_state["faces_page"] == 1


def test_several_judge_together(open_page, said, ranking):
    """Chosen by a link; what is missing for it is asked for by its name."""
    app = open_page("audit", view="Labels", judges=["quick", "fast"])
    assert "have not been judged by *fast* in this way yet" in said(app)
    assert app.button(key="start_folds").label == "Train the 3 models"


@pytest.fixture
def voted(faces, tmp_path, monkeypatch):
    """From a CSV whose annotators contradict the label of row 3; answers of three folds of two presets are kept."""
    monkeypatch.setenv("FER_SOURCE", str(write_voted(tmp_path, faces, 3)))
    dataset = load_dataset()
    for preset in ("fast", "compact"):
        keep_answers(dataset, doubt.fold_config(preset))
    return dataset


def test_annotators_judge_too(open_page, said, voted):
    """Where votes are known they are there at once, beside models too, and are no second opinion then."""
    contradicted = "chose another answer"
    everything = {"view": "Labels", "doubt_issues": "false", "doubt_split": "all"}
    app = open_page("audit", **everything)
    assert app.query_params["judges"] == "annotators"
    assert shown_rows(app)[0] == 3
    for judges, who in ((["annotators"], "Annotators: "), (["fast", "annotators"], "Models and annotators: ")):
        app = open_page("audit", judges=judges, **everything)
        assert why(app)[0].startswith(who)
        assert contradicted not in said(app)
    alone = open_page("audit", judges=["fast"], **everything)
    assert why(alone)[0].startswith("Models: ")
    assert contradicted in said(alone)
    assert words.LEARNED_VOTES not in said(alone)
    assert words.LEARNED_VOTES in said(open_page("audit", judges=["compact"], **everything))


def test_annotators_of_a_link_that_are_not_here(open_page, said):
    """The drawn faces have no votes: it says who judges instead."""
    app = open_page("audit", view="Labels", judges=["annotators"])
    assert "found `annotators`; `quick` is taken here" in said(app)
    assert "not been judged by *quick* in this way yet" in said(app)


def test_a_version_of_a_link_that_is_gone(open_page, said):
    """It says whose labels are judged instead."""
    app = open_page("audit", view="Labels", labels_of="gone")
    assert "There is no `gone` to choose here." in said(app)


def test_a_version_made_anew_is_judged_anew(open_page, voted):
    """Another one under the same name: what was kept of the first isn't shown as its ranking."""
    link = {"view": "Labels", "doubt_issues": "false", "doubt_split": "all", "labels_of": "one"}
    training = voted.rows("train", STUDY)
    for left_out in training[:2].tolist():
        save_version(Version("one", voted.fingerprint, {}, (left_out,)))
        app = open_page("audit", **link)
        assert left_out not in shown_rows(app)
        delete_version(voted.fingerprint, "one")


def test_filters_stand_in_the_link(open_page, ranking):
    """A link shows one label, one suggestion, one split, all labels."""
    label, suggested, row = ranking[ranking["usage"] == "PublicTest"].loc[:, ["label", "suggested", "row"]].iloc[0]
    link = {"doubt_split": "test", "doubt_label": label, "doubt_suggested": suggested, "doubt_issues": "false"}
    app = open_page("audit", view="Labels", **link)
    expected = ranking[
        (ranking["usage"] == "PublicTest") & (ranking["label"] == label) & (ranking["suggested"] == suggested)
    ]
    assert shown_rows(app) == list(expected["row"])
    assert row in shown_rows(app)


def test_none_of_that_kind(open_page, said, ranking):
    """A filter that leaves nothing says so."""
    agreed = {"doubt_label": "Sad", "doubt_suggested": "Sad"}
    assert "There is none of that kind" in said(open_page("audit", view="Labels", **agreed))


def test_first_are_relabelled_as_suggested(open_page, said, ranking, faces):
    """One edit in the draft, each face with its own suggestion; they are not shown again."""
    app = open_page("audit", view="Labels")
    before = shown_rows(app)
    app.number_input(key="doubt_first").set_value(5)
    app.button(key="as_suggested").click().run()  # at once, before the page has heard of the number
    assert not app.exception
    draft = Draft(faces)
    first = ranking[ranking["usage"] == "Training"].head(5)
    assert draft.labels == {
        row: EMOTIONS.index(name) for row, name in zip(first["row"], first["suggested"], strict=True)
    }
    assert len(draft.commands) == 1
    assert shown_rows(app)[0] == before[5]
    shown_again = open_page("audit", view="Labels", doubt_fresh="false")
    assert shown_rows(shown_again) == before
    app.button(key="undo").click().run()
    assert not Draft(faces).labels
    assert shown_rows(app) == before


def test_first_are_left_out(open_page, ranking, faces):
    """The same faces, in one edit that says why."""
    app = open_page("audit", view="Labels")
    app.number_input(key="doubt_first").set_value(7).run()
    app.button(key="exclude-first").click().run()
    assert not app.exception
    draft = Draft(faces)
    assert draft.excluded == tuple(sorted(ranking[ranking["usage"] == "Training"].head(7)["row"]))
    assert [command.why for command in draft.commands] == ["the first 7 of the doubtful labels shown"]


def test_chosen_faces_are_edited(open_page, ranking, faces):
    """The boxes of the table choose what the buttons edit."""
    app = open_page("audit", view="Labels")
    rows = shown_rows(app)
    assert app.button(key="exclude-doubtful").disabled
    table = next(frame for frame in app.dataframe if "Row" in frame.value)
    app.session_state[table.key] = {"selection": {"rows": [0, 2], "columns": [], "cells": []}}
    app.run()
    app.button(key="exclude-doubtful").click().run()
    assert not app.exception
    assert Draft(faces).excluded == tuple(sorted([rows[0], rows[2]]))


def test_contradiction_needs_votes(ranking):
    """The drawn faces have none: unknown stays unknown."""
    assert contradiction(ranking)["share"].isna().all()
