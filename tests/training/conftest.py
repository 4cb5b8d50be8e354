import pytest

from fer_core.data.demo import draw_dataset
from fer_core.training import runs
from fer_core.training.config import get_preset


@pytest.fixture(scope="session")
def drawn():
    """The demo faces."""
    return draw_dataset()


@pytest.fixture
def short_run(drawn):
    """Make a run on the demo faces, not started, of so many epochs of about a second."""

    def make(name: str = "short", epochs: int = 2):
        return runs.create_run(get_preset("quick", width=4, epochs=epochs), drawn, name)

    return make
