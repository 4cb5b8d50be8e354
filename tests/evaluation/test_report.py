"""What leaves the comparison: numbers as CSV, everything as one HTML file."""

import io
from html.parser import HTMLParser

import pandas as pd
import pytest
from saved import save_model

from fer_core import store
from fer_core.data.demo import draw_dataset
from fer_core.errors import ModelError
from fer_core.evaluation.agreement import ALL_FAIL, groups, same_answer
from fer_core.evaluation.common import bring_together
from fer_core.evaluation.metrics import confusion_frame, summary
from fer_core.evaluation.predictions import read_predictions
from fer_core.evaluation.report import Report, leak_cautions, make_report, to_csv
from fer_core.evaluation.report_html import to_html


@pytest.fixture
def report() -> Report:
    """Three models, the last of seven classes and one refused, on the honest test faces."""
    drawn = draw_dataset()
    models = [save_model("good", drawn, 0, 3), save_model("poor", drawn, 1, 0.5), save_model("all", drawn, 2, 1, "all")]
    selected = {
        model.id: read_predictions(model.folder / "predictions.parquet", model.labels).select("test", "honest")
        for model in models
    }
    datasets = {model.id: model.record["dataset"] for model in models}
    elsewhere = {"source": "<other> & more.csv", "fingerprint": "0" * 64}
    common = bring_together(selected | {"odd": selected["good"]}, datasets | {"odd": elsewhere})
    return make_report(models, common, "test", "honest", "good")


class Tags(HTMLParser):
    """What could reach for a network, scripts, and words."""

    def __init__(self):
        super().__init__()
        self.links, self.tags, self.words = [], set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "srcset", "action", "data")]

    def handle_data(self, data):
        self.words.append(data)


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


@pytest.mark.parametrize("value", ["n", "by_true", "by_predicted"])
def test_html_needs_no_network(report, value):
    """Nothing to load: no address, script, picture or style of elsewhere; small enough to mail."""
    page = to_html(report, value)
    tags = read(page)
    assert not tags.links
    assert "width=device-width" in page  # a phone would else draw it as wide as a desk
    assert not tags.tags & {"script", "img", "link", "iframe", "object", "video"}
    assert "http" not in page
    assert "url(" not in page
    assert "@import" not in page
    assert len(page) < 100_000


def test_html_tells_everything(report):
    """Which files, which faces, scores, sentences, what was refused and left out; names are text, not markup."""
    words = " ".join(read(to_html(report)).words)
    for _, about in report.about.iterrows():
        assert about["sha256"] in words
        assert about["created"] in words
    for told in ("test", "honest", f"{report.n:,} faces", "good is better than poor by", "all: without Disgust"):
        assert told in words
    assert "odd was refused: it was scored on <other> & more.csv" in words
    assert "poor − good" in words
    scores = report.scores.set_index("model").loc["poor"]
    shown = [f"{100 * scores[f'macro_recall{end}']:.1f}" for end in ("", "_low", "_high")]
    assert "{} % ({} to {})".format(*shown) in words
    alone = groups(report.models)
    for told in (f"All fail on {alone[ALL_FAIL]} faces", f"Only poor is right: {alone['poor']} faces", "all as one"):
        assert told in words


def test_csv_holds_every_number(report):
    """One row each, read back equal: scores, cells, tests, costs."""
    table = pd.read_csv(io.StringIO(to_csv(report)))
    assert set(table["split"]) == {"test"}
    assert set(table["part"]) == {"honest"}
    poor = table[table["model"] == "poor"].set_index("measure")
    scores = report.scores.set_index("model").loc["poor"]
    assert poor.loc["macro_recall", ["value", "low", "high", "n"]].tolist() == pytest.approx(
        [*scores[["macro_recall", "macro_recall_low", "macro_recall_high"]], report.n]
    )
    sad = poor[(poor.index == "recall") & (poor["true"] == "Sad")].iloc[0]
    assert sad[["value", "low", "high"]].tolist() == pytest.approx(
        scores[["recall_Sad", "recall_Sad_low", "recall_Sad_high"]].tolist()
    )
    of_sad = int((report.models["poor"].y_true == report.labels.index("Sad")).sum())
    assert sad["n"] == poor.loc["sad_as_happy", "n"] == of_sad < report.n
    cells = poor.loc["faces"]
    assert cells["value"].astype(int).tolist() == confusion_frame(report.models["poor"])["n"].tolist()
    test = report.tests.set_index("model").loc["poor"]
    assert poor.loc[["mcnemar_p", "mcnemar_p_holm"], "value"].tolist() == pytest.approx([test["p"], test["p_holm"]])
    assert poor.loc["macro_recall_difference", "reference"] == "good"
    assert set(poor["sha256"]) == {report.about.set_index("model")["sha256"]["poor"]}
    assert poor.loc["parameters", "value"] == 4_700_000
    assert poor.loc["only_right", "value"] == groups(report.models)["poor"]
    everyone = table[table["model"].isna()].set_index("measure")
    together = summary(report.together)
    assert everyone.loc["together_macro_recall", ["value", "low", "high"]].tolist() == pytest.approx(
        [together.macro_recall, together.macro_recall_low, together.macro_recall_high]
    )
    assert everyone.loc[["all_fail", "same_answer"], "value"].tolist() == pytest.approx(
        [groups(report.models)[ALL_FAIL], same_answer(report.models)]
    )


def test_no_face_is_told(report):
    """A part without a face is no comparison."""
    empty = {name: model.select("train") for name, model in report.models.items()}
    dataset = {"source": "demo", "fingerprint": "0" * 64}
    common = bring_together(empty, dict.fromkeys(empty, dataset))
    with pytest.raises(ModelError, match="expected train faces, raw"):
        make_report([], common, "train", "raw", "good")
    with pytest.raises(ValueError, match="unknown reference 'none'"):
        make_report([], common, "train", "raw", "none")


def test_each_model_has_its_own_copies():
    """Models that learned from other datasets know copies of other faces, whichever of them is the reference."""
    one, other = ("here", "all", 478), ("there", "all", 1)
    assert [caution.split(" among")[0] for caution in leak_cautions([other, one, ("clean", "clean", 9)], 3533)] == [
        "there learned from all Training faces, copies of 1 of these 3,533 faces",
        "here learned from all Training faces, copies of 478 of these 3,533 faces",
    ]
    (together,) = leak_cautions([one, ("too", "all", 478), ("none", "", 0)], 3533)
    assert together.startswith("here, too learned")


def test_who_learned_copies_of_the_faces_is_told():
    """On the raw part, by name; where copies are left out there is nothing to say, nor of who learned without them."""
    drawn = draw_dataset()
    models = [save_model(name, drawn, seed) for seed, name in enumerate(("clean", "every", "theirs"))]
    rules = {"clean": {"rows": "clean"}, "every": {"rows": "all"}, "theirs": {}}
    models = [store.update_record(model, settings=rules[model.id]) for model in models]
    models[2] = store.update_record(models[2], imported={"file": "x.keras", "sha256": "0"})
    saved = {model.id: read_predictions(model.predictions_file, model.labels) for model in models}
    datasets = {model.id: model.record["dataset"] for model in models}
    told = {}
    for part in ("raw", "honest"):
        common = bring_together({name: one.select("test", part) for name, one in saved.items()}, datasets)
        told[part] = make_report(models, common, "test", part, "clean")
    n, honest = told["raw"].n, told["honest"].n
    copies = f"copies of {n - honest} of these {n} faces"
    assert told["honest"].cautions == []
    assert [caution.split(";")[0] for caution in told["raw"].cautions] == [
        f"every learned from all Training faces, {copies} among them, which flatters the scores",
        f"theirs may have learned {copies}, which would flatter the scores",
    ]
    assert told["raw"].cautions[0] in read(to_html(told["raw"])).words
