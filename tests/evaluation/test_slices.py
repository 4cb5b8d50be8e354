"""Slices whose faces, scores and edges are known by hand."""

import numpy as np
import pandas as pd
import pytest

from fer_core.errors import DatasetError
from fer_core.evaluation import slices
from fer_core.evaluation.attributes import read_attributes
from fer_core.evaluation.intervals import wilson
from fer_core.evaluation.metrics import class_scores, summary
from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.slices_figures import slice_bars


def as_slices(*names: str | None) -> pd.Series:
    return pd.Series(pd.Categorical(names))


def by_row(predictions: Predictions, values) -> pd.Series:
    return pd.Series(values, predictions.frame["row"].to_numpy(), name="attribute")


def test_scores_of_two_slices(hand_made):
    """Negative right, wrong | Positive right, wrong: accuracy, macro recall and recall of each half."""
    halves = as_slices("a", "a", "b", "b")
    accuracy = slices.slice_scores(hand_made, halves, "accuracy")
    assert accuracy[["slice", "n", "classes", "value", "few"]].values.tolist() == [
        ["a", 2, 1, 0.5, True],
        ["b", 2, 1, 0.5, True],
    ]
    low, high = wilson(1, 2)
    assert accuracy.loc[0, ["low", "high"]].tolist() == [low, high]
    negative = slices.slice_scores(hand_made, halves, "Negative")
    assert negative["n"].tolist() == [2, 0]
    assert negative["value"].iloc[0] == 0.5
    assert negative.loc[1, ["value", "low", "high"]].isna().all()
    mixed = slices.slice_scores(hand_made, as_slices("a", "b", "a", "b"))
    assert mixed["value"].tolist() == [1, 0]
    assert mixed["classes"].tolist() == [2, 2]


def test_a_face_without_a_value_is_in_no_slice(hand_made):
    """It counts nowhere, and a slice that nobody is in isn't told."""
    found = pd.Series(pd.Categorical(["a", None, "a", None], ["a", "b"]))
    frame = slices.slice_scores(hand_made, found, "accuracy")
    assert frame[["slice", "n", "value"]].values.tolist() == [["a", 2, 1.0]]


def test_one_slice_of_all_faces_scores_as_the_whole(predictions):
    """Value and interval are those of the summary and of the classes."""
    everyone = as_slices(*["all"] * len(predictions))
    expected = summary(predictions)
    for score in ("macro_recall", "accuracy"):
        found = slices.slice_scores(predictions, everyone, score).iloc[0]
        for end, column in (("", "value"), ("_low", "low"), ("_high", "high")):
            assert found[column] == pytest.approx(getattr(expected, score + end), abs=1e-9)
    sad = class_scores(predictions).set_index("label").loc["Sad"]
    found = slices.slice_scores(predictions, everyone, "Sad").iloc[0]
    assert found[["n", "value", "low", "high"]].tolist() == sad[["n", "recall", "recall_low", "recall_high"]].tolist()


def test_slices_part_the_faces(predictions):
    """Right faces of all slices add up to the right faces, and 30 faces are enough."""
    names = np.where(np.arange(len(predictions)) < slices.FEW, "first", "rest")
    frame = slices.slice_scores(predictions, as_slices(*names), "accuracy")
    assert (frame["n"] * frame["value"]).sum() == pytest.approx(len(predictions) * summary(predictions).accuracy)
    assert not frame["few"].any()


def test_unknown_score(hand_made):
    """The known ones are told."""
    with pytest.raises(ValueError, match="unknown score 'Sad': expected one of macro_recall, accuracy, Negative"):
        slices.slice_scores(hand_made, as_slices(*"aaaa"), "Sad")


def test_quarters_are_cut_where_known_faces_are(hand_made):
    """Quartiles of 0 to 100 are 25, 50 and 75; an edge belongs to the upper slice; no value, no slice."""
    values = pd.Series([24.9, 25, 99, np.nan, *range(101)], [0, 1, 2, 3, *range(1000, 1101)])
    found = slices.quarters(values, hand_made, np.arange(1000, 1101))
    assert found.cat.categories.tolist() == ["under 25", "25 to 50", "50 to 75", "75 and more"]
    assert found.cat.codes.tolist() == [0, 1, 3, -1]


def test_quarters_of_equal_values(hand_made):
    """Where all quartiles are one there are two slices; where nothing is known it is refused."""
    found = slices.quarters(by_row(hand_made, [1.0, 1, 1, 2]), hand_made, np.arange(3))
    assert found.astype(str).tolist() == ["1.0 and more"] * 4
    with pytest.raises(ValueError, match="known: expected at least one row"):
        slices.quarters(by_row(hand_made, [1.0, 1, 1, 2]), hand_made, np.array([99]))


def test_edges_that_are_close(hand_made):
    """They get as many decimals as tell them apart."""
    found = slices.quarters(by_row(hand_made, [0.1230, 0.1231, 0.1232, 0.1233]), hand_made, np.arange(4))
    assert found.cat.categories.is_unique


def test_copies(hand_made):
    """Three faces are none, one is exact."""
    assert slices.copies(hand_made).tolist() == ["no copy"] * 3 + ["exact copy"]


def test_agreement(hand_made):
    """10, 8, 5 of ten annotators, and nobody."""
    votes = np.zeros((4, 10), np.uint8)
    votes[0, 0], votes[1, :2], votes[2, :2] = 10, (2, 8), (5, 5)
    found = slices.agreement(votes, hand_made)
    assert found.astype(object).tolist()[:3] == ["all", "80 to 99 %", "under 60 %"]
    assert found.isna().tolist() == [False, False, False, True]


def test_own_words_and_numbers(hand_made):
    """Words in order, a slice each; whole numbers as numbers, not as text."""
    found = slices.own(by_row(hand_made, ["hat", "cap", "hat", None]), hand_made)
    assert found.cat.categories.tolist() == ["cap", "hat"]
    assert found.cat.codes.tolist() == [1, 0, 1, -1]
    numbers = slices.own(by_row(hand_made, [10, 9, 10, 9]), hand_made)
    assert numbers.cat.categories.tolist() == ["9", "10"]


def test_own_numbers_of_many_values(hand_made):
    """They are cut into quarters of all that were brought."""
    found = slices.own(pd.Series(np.arange(101.0), name="age"), hand_made)
    assert found.cat.categories[0] == "under 25"
    assert found.cat.codes.tolist() == [0] * 4


def test_own_values_that_are_no_slices(hand_made):
    """Too many words, and values of other faces, are told in a line."""
    with pytest.raises(DatasetError, match="attribute name: expected numbers or at most 20 different words, found 30"):
        slices.own(pd.Series([f"name {n}" for n in range(30)], name="name"), hand_made)
    with pytest.raises(DatasetError, match="attribute age: expected values of the 4 faces shown here, found none"):
        slices.own(pd.Series([1], [99], name="age"), hand_made)


def test_a_table_is_read():
    """A byte order mark, spaces and any order of rows are no trouble."""
    table = read_attributes("\ufeffage, row ,hat\n30,7,yes\n,2,no\n".encode(), faces=8)
    assert table.index.tolist() == [7, 2]
    assert table["hat"].tolist() == ["yes", "no"]
    assert table["age"].isna().tolist() == [False, True]


def test_none_is_a_word_among_words_and_missing_among_numbers():
    """Somebody wears no glasses; somebody's age isn't known."""
    table = read_attributes(b"row,glasses,age\n0,None,30\n1,Sun,NA\n2,,31\n", faces=8)
    assert table["glasses"].tolist()[:2] == ["None", "Sun"]
    assert table["glasses"].isna().tolist() == [False, False, True]
    assert table["age"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "a table with commas between its columns, found No columns"),
        (b"age,hat\n1,2\n", "a column `row` and at least one more, found columns age, hat"),
        (b"row;age\n1;2\n", "a column `row` and at least one more, found columns row;age"),
        (b"row\n1\n", "a column `row` and at least one more, found columns row"),
        (b"row,age\n", "at least one line below the header, found none"),
        (b"row,age\n1,2\n8,3\n", "rows from 0 to 7 in the column `row`, found '8' in line 3"),
        (b"row,age\n-1,2\n", "rows from 0 to 7 in the column `row`, found '-1' in line 2"),
        (b"row,age\n1.5,2\n", "found '1.5' in line 2"),
        (b"row,age\nfirst,2\n", "found 'first' in line 2"),
        (b"row,age\n,2\n", "found 'nan' in line 2"),
        (b"row,age\n1,2\n3,4\n1,5\n", "each row once, found row 1 again in line 4"),
        (b"row,age\n1,2,3\n", "as many cells in a line as there are names in the header, found more"),
        (b"row,age\n1,2,\n", "as many cells in a line as there are names in the header, found more"),
        (b"row,age,age \n1,2,3\n", "each column name once, found age again"),
        (b"row,age,age\n1,2,3\n", "each column name once, found age again"),
        (b"row,row ,age\n1,2,3\n", "each column name once, found row again"),
        (b"row,age\n1,inf\n", "finite numbers, found inf in age"),
        (b"row,age,hat\n1,2,\n", "values in each column, found none in hat"),
        (b"row,age\n1,2,3,4\n2,3\n5,6,7,8,9,10\n", "a table with commas between its columns, found"),
        (b"\xff\xfe\x00row", "text in UTF-8, found other bytes"),
    ],
)
def test_bad_tables_are_told_in_a_line(text, told):
    """What was expected, what was found, what to do."""
    with pytest.raises(DatasetError) as refused:
        read_attributes(text, faces=8)
    message = str(refused.value)
    assert f"CSV of attributes: expected {told}" in message or told in message
    assert message.endswith("mend the file and load it again")
    assert "\n" not in message


def test_rows_of_a_dataset_of_unknown_size():
    """Any whole number from 0 may be a row."""
    assert read_attributes(b"row,age\n99999,1\n").index.tolist() == [99999]
    with pytest.raises(DatasetError, match="rows, whole numbers from 0, in the column"):
        read_attributes(b"row,age\n-1,1\n")


def test_bars_draw_the_frame(predictions):
    """Values and interval ends are the frame's; few faces are grey and hatched, and the legend says so."""
    names = np.where(np.arange(len(predictions)) < 5, "first", "rest")
    frame = slices.slice_scores(predictions, as_slices(*names), "Sad")
    figure = slice_bars(frame, "Sad", "place", 0.5)
    rest, first = figure.data
    assert (first.marker.color, first.marker.pattern.shape) == ("#8A8A8A", "/")
    row = frame.iloc[1]
    assert (rest.x[0], rest.x[0] + rest.error_x.array[0]) == pytest.approx((row["value"], row["high"]))
    assert rest.y[0] == f"rest<br>n = {row['n']}"
    assert figure.layout.showlegend
    assert figure.layout.title.text == f"Recall of Sad by place ({frame['n'].sum()} faces)"


def test_a_score_that_no_face_tells_draws_no_line(predictions):
    """Where all faces have none, nothing is said of them."""
    frame = slices.slice_scores(predictions, as_slices(*["a"] * len(predictions)), "accuracy")
    assert not slice_bars(frame, "Disgust", "kind", float("nan")).layout.shapes
