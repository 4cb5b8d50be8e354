"""The command line: the JSON that other programs rely on, and refusals of one line."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pandas as pd
import pytest
from networked import save_constant
from PIL import Image
from saved import answers, save_model

from fer_core import store
from fer_core.cli import main
from fer_core.cli_common import asked_config
from fer_core.data.demo import draw_dataset
from fer_core.evaluation.decision import Decision, save_decision
from fer_core.evaluation.operating import OperatingPoint
from fer_core.paths import ROOT
from fer_core.training.config import get_preset

SCORES = {"model", "split", "labels", "n", "accuracy", "macro_recall", "recall", "confusion", "ece"}
INTERVALS = {f"{score}_{end}" for score in ("accuracy", "macro_recall") for end in ("low", "high")}


@pytest.fixture
def run(capsys):
    """Call one verb with `--json`; its object, which has to be all of standard output."""

    def call(*words: str) -> dict:
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return call


def test_data_counts_the_demo_faces(run):
    """Usage → emotion → n, seven emotions each, summing to the rows."""
    result = run("data", "--source", "demo")
    assert {"rows", "counts", "fingerprint", "seconds"} <= set(result)
    assert sum(n for of in result["counts"].values() for n in of.values()) == result["rows"]
    assert all(len(of) == 7 for of in result["counts"].values())


@pytest.mark.real
def test_data_counts_the_real_faces(run, real_source):
    """The published counts of FER2013."""
    counts = run("data", "--source", real_source)["counts"]
    assert list(counts["Training"].values()) == [3995, 436, 4097, 7215, 4830, 3171, 4965]
    assert list(counts["PublicTest"].values()) == [467, 56, 496, 895, 653, 415, 607]
    assert list(counts["PrivateTest"].values()) == [491, 55, 528, 879, 594, 416, 626]


def test_audit_tells_leaks_by_usage(run):
    """The keys of the verb; the drawn faces hold some copies on purpose."""
    result = run("audit", "--source", "demo")
    counts = {"exact_groups", "exact_redundant", "cross_split_groups", "conflicting_groups", "blank"}
    assert set(result) == counts | {"nearly_blank", "near_pairs", "threshold", "leaked"}
    assert set(result["leaked"]) == {"PublicTest", "PrivateTest"}
    assert set(result["leaked"]["PublicTest"]) == {"exact", "near"}
    assert run("audit", "--source", "demo", "--threshold", "0.9")["near_pairs"] > result["near_pairs"]


def test_what_was_trained_elsewhere(run, tmp_path, capsys):
    """The rows to learn from go out, answers come in, and are compared with a model of ours."""
    faces, (rows, theirs) = draw_dataset(), (tmp_path / "rows.csv", tmp_path / "theirs.csv")
    leaked = run("audit", "--source", "demo", "--out", str(rows))["leaked"]["PublicTest"]["exact"]
    assert (pd.read_csv(rows).set_index("row")["leak"][leaked] == "exact").all()
    answers(faces, skill=3).to_csv(theirs, index=False)
    assert run("import", str(theirs), "--name", "theirs", "--source", "demo")["id"] == "theirs"
    ours = save_model("ours", faces, skill=3)
    expected, found = (run("evaluate", name) for name in ("ours", "theirs"))
    for one, other in ((expected, found), (expected["honest"], found["honest"])):
        assert all(one[key] == other[key] for key in SCORES - {"model", "ece"})
        assert one["ece"] == pytest.approx(other["ece"], abs=1e-6)
    assert [row["difference"] for row in run("compare", "ours", "theirs")["raw"]["tests"]] == [0]
    assert run("verify")["models"] == {"theirs": [], "ours": []}
    assert (row := next(row for row in run("models")["models"] if row["id"] == "theirs"))["status"] == "finished"
    assert (row["parameters"], ours.record["parameters"]) == (None, 4_700_000)
    assert main(["predict", "theirs", str(tmp_path)]) == 2
    assert "found only what its network answered" in capsys.readouterr().err


def test_models_and_evaluate(run):
    """One saved model: listed with its scores; evaluated with exactly the promised keys."""
    model = save_model("first", draw_dataset())
    (listed,) = run("models")["models"]
    assert {"id", "status", "scheme", "network", "parameters", "scores"} <= set(listed)
    assert listed["id"] == "first"
    result = run("evaluate", "first", "--split", "test")
    assert set(result) == SCORES | INTERVALS | {"honest", "version"}
    assert set(result["honest"]) == SCORES | INTERVALS
    assert result["macro_recall_low"] < result["macro_recall"] < result["macro_recall_high"]
    assert sum(map(sum, result["confusion"])) == result["n"] == model.scores["test"]["raw"]["n"]
    assert result["honest"]["n"] < result["n"]


def test_another_dataset(run, tmp_path, capsys):
    """A folder of other names is mapped, audited, and used to evaluate and to compare; what that means is said."""
    drawn = draw_dataset()
    for number, name in enumerate(("sad", "contempt", "calm", "other")):
        path = tmp_path / "faces" / name / f"{number}.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(drawn.images[drawn.usage == "PublicTest"][40 * number]).save(path)
    folder = str(tmp_path / "faces")
    assert main(["data", "--source", folder]) == 2
    assert "found others, with so many faces: calm (1), contempt (1), other (1)" in capsys.readouterr().err
    words = ("--source", folder, "--map", "contempt=Disgust", "--map", "calm=Neutral", "--map", "other=")
    told = run("data", *words)
    assert (told["rows"], told["counts"]["Training"]["Neutral"]) == (3, 1)
    assert "other is left out (1 face)" in told["notes"][0]
    assert run("audit", "--source", folder)["exact_groups"] == 0  # what was mapped is kept
    for name in ("first", "second"):
        save_constant(name, drawn, "study", (0.1, 0.1, 0.1, 0.5, 0.1, 0.1))
    assert main(["evaluate", "first", "--source", folder, "--version", "none"]) == 2
    told = capsys.readouterr().err
    assert "version 'none'" in told
    assert "scoring" not in told  # refused before that
    assert main(["evaluate", "first", "--source", folder]) == 0
    told = capsys.readouterr().out
    assert "raw: 2 faces of 2 of 6 classes, macro recall 0.500" in told
    assert "recall, raw: Angry –, Fear –" in told
    assert main(["evaluate", "first", "--source", folder, "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["n"] == 2  # Disgust is no class of it
    assert json.loads(told.out)["accuracy"] == 0.5
    assert "all of its faces stand in the test split" in told.err
    assert run("compare", "first", "second", "--source", folder)["raw"]["scores"][1]["n"] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["compare", "mine"], "expected two models or more, each once, found mine"),
        (["compare", "mine", "mine"], "expected two models or more, each once, found mine, mine"),
        (["evaluate", "mine", "--skip-bad"], "--skip-bad and --map: expected --source beside them"),
        (["predict", "mine", ""], "files: expected a word, found an empty one"),
        (["card", "mine", "--out", ""], "out: expected a word, found an empty one"),
        (
            ["card", "mine", "--out", "nowhere/card.md"],
            "expected a file that can be written, found: No such file or directory nowhere",
        ),
        (["export", "mine", "--format", "keras", "--out", "nowhere/x.keras"], "No such file or directory nowhere"),
    ],
)
def test_what_was_hardly_meant_is_refused_in_a_line(words, told, capsys, tmp_path, monkeypatch):
    """An empty variable of the shell, a slip of the pen; nothing is done, and no folder made."""
    save_model("mine", draw_dataset())
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
    assert not (tmp_path / "nowhere").exists()


def test_compare_tells_the_difference(run):
    """Two models on the same faces: a row each, and a sentence with the interval."""
    for seed in (0, 1):
        save_model(f"model-{seed}", draw_dataset(), seed=seed)
    result = run("compare", "model-0", "model-1")
    for part in ("raw", "honest"):
        assert [row["model"] for row in result[part]["scores"]] == ["model-0", "model-1"]
        assert len(result[part]["differences"]) == 1
        (test,) = result[part]["tests"]
        assert test["model"] == "model-1"
        assert test["low"] <= test["difference"] <= test["high"]
        assert 0 < test["p"] <= 1
        assert result[part]["notes"] == []


def test_compare_tells_the_raw_part_where_all_faces_are_copies(run):
    """The honest part has no face: null, and not the end of the other."""
    for seed in (0, 1):
        model = save_model(f"model-{seed}", draw_dataset(), seed=seed)
        frame = pd.read_parquet(model.predictions_file)
        frame.assign(leak="exact").to_parquet(model.predictions_file)
    result = run("compare", "model-0", "model-1")
    assert result["honest"] is None
    assert len(result["raw"]["scores"]) == 2
    assert main(["compare", "model-0", "model-1"]) == 0


def test_compare_brings_other_classes_together(run):
    """Seven classes against six: on the six, and it is said."""
    drawn = draw_dataset()
    save_model("six", drawn)
    save_model("seven", drawn, scheme="all")
    raw = run("compare", "six", "seven")["raw"]
    assert raw["scores"][0]["n"] == raw["scores"][1]["n"]
    assert raw["notes"][0].startswith("seven: without Disgust")


def test_compare_refuses_another_dataset(run, capsys):
    """In one line that names both."""
    drawn = draw_dataset()
    save_model("here", drawn)
    store.update_record(save_model("there", drawn), dataset={"source": "x.csv", "fingerprint": "0" * 64})
    assert main(["compare", "here", "there"]) == 2
    assert "there doesn't compare with here: it was scored on x.csv" in capsys.readouterr().err


def test_combine_as_an_ensemble(run):
    """Two of the same classes; three specialists need the other way, and their number."""
    drawn = draw_dataset()
    for name, sides in (("a", (0.8, 0.2)), ("b", (0.1, 0.9))):
        save_constant(name, drawn, "valence", sides)
    told = run("combine", "a", "b", "--how", "ensemble", "--source", "demo")
    assert (told["id"], told["scheme"], told["network"]) == ("ensemble-1", "valence", "ensemble")
    assert run("evaluate", "ensemble-1")["recall"] == {"Negative": 0, "Positive": 1}


def test_combine_tells_a_row_of_models(run):
    """Three specialists by one verb: a model that is listed as the verb told it, evaluated and compared."""
    drawn = draw_dataset()
    parts = {"valence": (0.6, 0.4), "negative": (0.5, 0.3, 0.2), "positive": (0.7, 0.2, 0.1)}
    for scheme, probabilities in parts.items():
        save_constant(scheme, drawn, scheme, probabilities)
    told = run("combine", *parts, "--name", "both", "--source", "demo")
    assert told == next(row for row in run("models")["models"] if row["id"] == "both")
    assert (told["status"], told["scheme"], told["network"]) == ("finished", "study", "two_stage")
    assert run("evaluate", "both")["recall"]["Angry"] == 1  # the likeliest of all, always
    save_model("six", drawn)
    assert len(run("compare", "both", "six")["raw"]["differences"]) == 1


def test_train_predict_and_export(run, tmp_path, capsys):
    """From nothing to a label, all by verbs: a short run, a face, a damaged picture, the network in a file."""
    drawn = draw_dataset()
    words = ("--preset", "quick", "--source", "demo", "--epochs", "1", "--name", "short")
    trained = run("train", *words, "--set", "width=4", "--set", "scheme=negative", "--set", "minutes=none")
    assert (trained["id"], trained["status"]) == ("short", "finished")
    settings = store.open_model("short").record["settings"]
    assert [settings[name] for name in ("width", "scheme", "minutes", "epochs")] == [4, "negative", None, 1]
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.fromarray(drawn.images[0]).save(pictures / "a.png")
    (pictures / "b.png").write_bytes(b"no picture")
    table = tmp_path / "faces.csv"
    face, damaged = run("predict", "short", str(pictures), "--out", str(table))["files"]
    assert set(face["faces"][0]) == {"box", "probabilities", "label"}
    assert sum(face["faces"][0]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert set(damaged) == {"path", "error"}
    assert len(pd.read_csv(table)) == 2
    calibrated = run("predict", "short", str(pictures), "--calibrated")["files"][0]["faces"][0]
    assert calibrated["probabilities"] != face["faces"][0]["probabilities"]
    save_decision(store.open_model("short"), Decision(point=OperatingPoint(("Sad",), 0.0, 1.0)))
    assert run("predict", "short", str(pictures))["files"][0]["faces"][0]["label"] == "Sad"  # as ever from 0 on
    exported = tmp_path / "out.keras"
    run("export", "short", "--format", "keras", "--out", str(exported))
    assert store.sha256_of(exported) == store.open_model("short").record["sha256"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("data", "--source", "no/such.csv"), "found no such file"),
        (("audit", "--source", "demo", "--threshold", "93"), "threshold: expected a cosine from 0.9 to 1"),
        (("data", "--source", "demo", "--map", "calm=Neutral"), "--map: expected the path of a CSV or of a folder"),
        (("data", "--source", ".", "--map", "calm"), "map: expected NAME=EXPRESSION, or NAME= to leave it out"),
        (("data", "--source", ".", "--map", "calm=bored"), "class calm: expected one of Angry"),
        (("evaluate", "nothing"), "expected one of the saved models"),
        (("train", "--preset", "huge"), "unknown preset 'huge': expected one of"),
        (("train", "--resume"), "expected --name"),
        (("train", "--source", "demo", "--epochs", "0"), "epochs: expected 1 to"),
        (("train", "--resume", "--name", "x", "--epochs", "3"), "nothing else"),
        (("train", "--resume", "--name", "x", "--epochs", "0"), "nothing else"),
        (("train", "--resume", "--name", "x", "--set", "width=8"), "nothing else"),
        (("train", "--epochs", "3", "--set", "epochs=5"), "epochs: expected either --epochs or --set epochs=…"),
        (("train", "--set", "teachers=a,a"), "teachers: expected each once, found a, a"),
        (("train", "--source", "demo", "--set", "colour=red"), "unknown setting 'colour': expected one of scheme, "),
        (("train", "--source", "demo", "--set", "width=wide"), "width: expected a whole number or none, found 'wide'"),
        (("train", "--source", "demo", "--set", "network=huge"), "unknown network 'huge': expected one of"),
        (("combine", "one", "two", "three"), "expected one of the saved models"),
        (("combine", "one", "two"), "expected three models, of valence, negative, positive in this order, found 2"),
        (("predict", "../models", "x.png"), "model name: expected"),
        (("predict", "any", "x.png", "--out", "no/such/folder/x.csv"), "expected a file that can be written"),
        (("data", "--source", "~nobody-of-that-name/x.csv"), "found no such file"),
        (("data", "--source", "x" * 300), "found no such file"),
    ],
)
def test_refusal_is_one_line_and_exit_code_2(words, message, capsys):
    """What was expected and what was found, and no traceback."""
    assert main(list(words)) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert message in error


def test_a_reader_that_has_seen_enough():
    """`| head -1` gets its line, and no traceback comes behind it."""
    done = subprocess.run(
        f"{sys.executable} -m fer_core data --source demo | true; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_wrong_words_are_refused_in_one_line(capsys):
    """Argparse's own refusals follow the same rule."""
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", "first", "--split", "training"])
    assert exit_.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_compare_tells_of_the_honest_part(run):
    """The scores of each part are those of the record."""
    for seed in (0, 1):
        save_model(f"model-{seed}", draw_dataset(), seed=seed)
    told, scores = run("compare", "model-0", "model-1"), store.open_model("model-1").scores["test"]
    for part in ("raw", "honest"):
        assert told[part]["scores"][1]["macro_recall"] == pytest.approx(scores[part]["macro_recall"])
    assert scores["honest"]["n"] < scores["raw"]["n"]


def test_evaluate_of_the_validation_split(run):
    model = save_model("first", draw_dataset())
    told = run("evaluate", "first", "--split", "validation")
    assert told["split"] == "validation"
    assert told["accuracy"] == model.scores["validation"]["raw"]["accuracy"]


def test_minutes_epochs_and_set_reach_the_settings():
    asked = SimpleNamespace(preset="quick", epochs=3, minutes=2.5, set=["width=4"])
    assert asked_config(asked) == get_preset("quick", epochs=3, minutes=2.5, width=4)
