import pytest
from csv_lines import line

from fer_core.data import load_dataset
from fer_core.data.votes import HEADER
from fer_core.errors import DatasetError
from fer_core.labels import VOTES
from fer_core.paths import data_dir

LINES = (
    "Training,fer0.png,4,0,0,1,3,2,0,0,0,0",
    "Training,,0,0,0,0,0,0,0,0,0,10",
    "PublicTest,fer2.png,0,0,10,0,0,0,0,0,0,0",
)


@pytest.fixture
def csv(write_csv):
    return write_csv(line(), line(), line(usage="PublicTest"))


def write_votes(folder, *lines: str, header: str = HEADER) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "fer2013new.csv").write_text("\n".join([header, *lines]) + "\n")


@pytest.mark.parametrize("place", ["beside", "data"])
def test_votes_lie_beside_the_csv_or_in_the_data_folder(csv, place):
    """Ten counts a row, in the order of `labels.VOTES`, also where no image name is given."""
    write_votes(csv.parent if place == "beside" else data_dir(), *LINES)
    votes = load_dataset(str(csv)).votes
    assert votes.shape == (3, 10)
    assert votes.sum(1).tolist() == [10, 10, 10]
    assert votes[0, VOTES.index("Angry")] == 3
    assert votes[1, VOTES.index("Not a face")] == 10


def test_votes_of_another_dataset_in_the_data_folder_are_left_alone(csv):
    """They lie there for whoever they fit; beside the CSV they would be refused."""
    write_votes(data_dir(), *LINES[:2])
    dataset = load_dataset(str(csv))
    assert dataset.votes is None
    assert "not used: fer2013new.csv: expected a line for each of the dataset's 3 rows, found 2" in dataset.notes[-1]
    write_votes(csv.parent, *LINES[:2])
    with pytest.raises(DatasetError, match="found 2"):
        load_dataset(str(csv))


def test_votes_in_another_order_are_refused_by_the_names(write_csv):
    """The Usage of each line may fit all the same."""
    csv = write_csv(line(), line())
    counts = "4,0,0,1,3,2,0,0,0,0"
    write_votes(csv.parent, f"Training,fer0000001.png,{counts}", f"Training,fer0000000.png,{counts}")
    with pytest.raises(DatasetError, match="order of their names, found 1 of 2 that come after"):
        load_dataset(str(csv))


def test_two_swapped_lines_are_refused_and_the_four_misplaced_names_of_fer_are_not(write_csv):
    """The four come too early: each makes one name fall."""
    csv = write_csv(*[line()] * 100)
    numbers = [*range(100)]
    for early in (10, 30, 50, 70):
        numbers[early] = 1_000

    def write() -> None:
        write_votes(csv.parent, *(f"Training,fer{number:07}.png,4,0,0,1,3,2,0,0,0,0" for number in numbers))

    write()
    assert len(load_dataset(str(csv)).votes) == 100
    numbers[80], numbers[81] = numbers[81], numbers[80]
    write()
    with pytest.raises(DatasetError, match="found 5 of 100 that come after"):
        load_dataset(str(csv))


def test_votes_are_named_by_a_path(csv, tmp_path, monkeypatch):
    """`FER_VOTES` names the file, wherever it lies; a path without a file is refused."""
    (tmp_path / "far").mkdir()
    write_votes(tmp_path / "far", *LINES)
    monkeypatch.setenv("FER_VOTES", str(tmp_path / "far" / "fer2013new.csv"))
    assert load_dataset(str(csv)).votes.sum(1).tolist() == [10, 10, 10]
    monkeypatch.setenv("FER_VOTES", str(tmp_path / "nowhere.csv"))
    with pytest.raises(DatasetError, match=r"FER_VOTES: expected the path of fer2013new\.csv, found no file"):
        load_dataset(str(csv))


def test_dropped_rows_lose_their_votes_too(write_csv):
    """Votes stay with their faces when bad rows are skipped."""
    csv = write_csv(line(), line(9), line(usage="PublicTest"))
    write_votes(csv.parent, *LINES)
    votes = load_dataset(str(csv), skip_bad=True).votes
    assert votes[:, VOTES.index("Surprise")].tolist() == [0, 10]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (LINES[:2], "each of the dataset's 3 rows, found 2"),
        (LINES[::-1], "found 'PublicTest' for Training in row 0"),
        ((*LINES[:2], "PublicTest,x,1,2,three,0,0,0,0,0,0,0"), "ten counts"),
        ((*LINES[:2], "PublicTest,x,11,0,0,0,0,0,0,0,0,0"), "found 11 in row 2"),
    ],
)
def test_votes_that_do_not_fit_are_refused(csv, lines, reason):
    """A file of another length, order or content is refused in one line."""
    write_votes(csv.parent, *lines)
    with pytest.raises(DatasetError, match=reason) as caught:
        load_dataset(str(csv))
    assert "\n" not in str(caught.value)


def test_another_header_is_refused(csv):
    """Columns in another order would be other votes."""
    write_votes(csv.parent, *LINES, header="a,b")
    with pytest.raises(DatasetError, match="expected the header"):
        load_dataset(str(csv))


@pytest.mark.real
def test_real_votes(real_dataset):
    """FER+ aligns with FER2013: one row of votes a face, ten votes at most each."""
    assert real_dataset.votes.shape == (35887, 10)
    assert real_dataset.votes[0].tolist() == [4, 0, 0, 1, 3, 2, 0, 0, 0, 0]
