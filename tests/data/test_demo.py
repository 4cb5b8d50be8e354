from fer_core.data import load_dataset
from fer_core.data.copies import audit
from fer_core.data.demo import draw_dataset
from fer_core.labels import EMOTIONS, USAGES


def test_demo_is_a_small_fer():
    """Drawn faces fill all expressions and Usages, Disgust the fewest, and are called drawn."""
    dataset = load_dataset("demo")
    counts = dataset.counts()
    assert dataset.drawn
    assert dataset.votes is None
    assert dataset.images.shape == (len(dataset), 48, 48)
    assert all(counts[usage][emotion] > 5 for usage in USAGES for emotion in EMOTIONS)
    assert min(counts["Training"], key=counts["Training"].get) == "Disgust"


def test_drawn_again_the_faces_are_the_same():
    """Pixel by pixel."""
    assert draw_dataset.__wrapped__().fingerprint == load_dataset("demo").fingerprint


def test_demo_gives_the_audit_something_to_find():
    """Nine copies cross the Usages, eight of Training rows; one image has two labels; one is blank."""
    found = audit(load_dataset("demo"))
    assert found.cross_split_groups == 9
    assert len(found.leaked["PublicTest"]["exact"]) == 5
    assert len(found.leaked["PrivateTest"]["exact"]) == 3
    assert found.conflicting_groups == 1
    assert found.blank == 1
