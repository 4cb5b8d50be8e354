from saved import save_model, start_model

from fer_core import store


def test_what_is_loaded(open_page):
    """The faces of the splits are told, and three doors lead on."""
    app = open_page("overview")
    assert [metric.value for metric in app.metric] == ["778", "430", "174", "174"]


def test_a_dataset_that_is_not_there_costs_its_counts_only(open_page, faces, monkeypatch):
    """It is told why; doors and models stand below."""
    save_model("mine", faces)
    monkeypatch.setenv("FER_SOURCE", "no/such.csv")
    app = open_page("overview")
    assert "expected demo, kaggle" in app.error[0].value
    assert app.dataframe[0].value["Model"].tolist() == ["mine"]
    assert "**Train**" in [link.label for link in app.get("page_link")]


def test_models_that_were_never_tested(open_page, faces):
    """A dataset without PublicTest gives scores without a number, and the page stands."""
    model = save_model("untested", faces)
    empty = {key: None for key in model.scores["test"]["raw"] if key not in ("n", "recall", "ece")} | {"n": 0}
    store.update_record(model, scores={"test": {"raw": empty, "honest": empty}})
    table = open_page("overview").dataframe[0].value
    assert table["Macro recall, honest"].tolist() == ["–"]
    assert table["Faces of"].tolist() == ["drawn faces"]


def test_the_models_of_folds_stand_in_no_ranking(open_page, faces):
    """They are made to judge labels, without a part of the faces."""
    save_model("whole", faces)
    store.update_record(save_model("fold", faces, seed=1), tags=["doubt"])
    assert open_page("overview").dataframe[0].value["Model"].tolist() == ["whole"]


def test_models_by_macro_recall(open_page, said, faces):
    """The better model stands first with its interval; a run that isn't finished and a damaged folder are named."""
    better, worse = save_model("better", faces, skill=3), save_model("worse", faces, skill=0.5)
    start_model("half-way", faces)
    (better.folder.parent / "broken").mkdir()
    app = open_page("overview")
    table = app.dataframe[0].value
    assert table["Model"].tolist() == ["better", "worse"]
    honest = worse.scores["test"]["honest"]
    assert table["Macro recall, honest"][1].startswith(f"{100 * honest['macro_recall']:.1f} % (")
    assert table["Faces, honest"][1] == honest["n"]
    assert "half-way is interrupted" in said(app)
    assert "broken: expected model.json" in said(app)
