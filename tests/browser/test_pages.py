"""Pages as a browser shows them, each opened by a link."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from driving import clipped, faults, fits, open_page, server, settled
from saved import save_model
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from fer_core.data import load_dataset
from fer_core.evaluation.leaderboard import default_model
from fer_core.evaluation.metrics import cell_faces
from fer_core.evaluation.predictions import read_predictions
from pages._ui.faces import SINGLE

pytestmark = pytest.mark.browser

READING = {
    "overview": "FER Workbench",
    "explore": "Explore",
    "audit": "Audit",
    "evaluate": "Evaluate",
    "compare": "Compare",
    "models": "Models",
}


def two_models():
    """On the drawn faces."""
    faces = load_dataset("demo")
    return [save_model(name, faces, seed) for seed, name in enumerate(("first", "second"))]


@pytest.fixture
def demo_models():
    """Two models that the test may change."""
    return two_models()


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """A server for tests that only look, with two models: its address, its process, and the models."""
    folder = tmp_path_factory.mktemp("reading")
    folders = {"FER_DATA": str(folder / "data"), "FER_MODELS": str(folder / "models")}
    with pytest.MonkeyPatch.context() as environment:
        for name, value in folders.items():
            environment.setenv(name, value)
        models = two_models()
    with server({"FER_SOURCE": "demo"} | folders, folder) as (address, process):
        yield address, process, models


@pytest.mark.parametrize("names", ["overview", "evaluate", "timeline predict train"])
def test_pages_by_link_on_a_fresh_server(fresh_server, chromium, demo_models, names):
    """Where nobody has been yet a link opens its page in the router's frame, with its parameters, without a fault."""
    with fresh_server(FER_SOURCE="demo") as (address, _), chromium() as driver:
        for name in names.split():
            open_page(driver, f"{address}/{name}?kept=1", READING.get(name, name.capitalize()))
            assert not faults(driver), name
            assert "kept=1" in driver.current_url
            navigation = driver.find_element(By.CSS_SELECTOR, '[data-testid="stSidebarNav"]').text
            assert "Classify" in navigation, name  # a section of the router's; the flat app has none


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400], ids=["wide", "narrow"])
def test_no_fault_in_any_theme_and_width(reading, chromium, dark, width):
    """All pages one after another; nothing is wider than the window; reading loads no TensorFlow into the server."""
    address, process, _ = reading
    with chromium(dark=dark, width=width) as driver:
        for name, title in ({"": "FER Workbench"} | READING).items():
            open_page(driver, f"{address}/{name}?split=validation", title)
            assert not faults(driver), name
            assert fits(driver), name
            if name in ("evaluate", "audit", "compare"):
                assert "split=validation" in driver.current_url
        maps = Path(f"/proc/{process}/maps")
        assert not maps.exists() or "_pywrap_tensorflow" not in maps.read_text()


@pytest.mark.parametrize(
    ("page", "views"),
    [
        ("evaluate", "Classes|ROC and PR|Negative|Operating point|Calibration|Slices|Learning"),
        ("compare", "Matrices|Chance|Agreement"),
        ("models", "Card|Export|Manage"),
    ],
)
def test_each_view_on_a_phone(reading, chromium, page, views):
    """Each is opened by its link, in the dark, and nothing is wider than the window, no word cut off by its chart."""
    address, *_ = reading
    with chromium(dark=True, width=400) as driver:
        for view in views.split("|"):
            open_page(driver, f"{address}/{page}?view={quote(view)}", page.capitalize())
            assert not faults(driver), view
            assert driver.find_element(By.CSS_SELECTOR, '[role="tab"][aria-selected="true"]').text == view
            assert not clipped(driver), view
            assert fits(driver), view


def test_going_on_by_links_keeps_the_dataset(fresh_server, chromium, demo_models):
    """The dataset chosen in the link stays when the reader goes on by a link on the page, to the default model."""
    default, _ = default_model(demo_models, None)
    with fresh_server(FER_SOURCE="no/such.csv") as (address, _), chromium() as driver:
        open_page(driver, f"{address}/?source=demo", "FER Workbench")
        driver.find_element(By.PARTIAL_LINK_TEXT, f"Evaluate {default.id}").click()
        assert "scored on drawn faces" in settled(driver, "Evaluate")
        assert not faults(driver)
        assert "source=demo" in driver.current_url


def test_a_click_on_the_matrix_chooses_the_cell(reading, chromium):
    """Clicking into the matrix, beside a marker too, shows all faces of that cell and puts it into the link."""
    address, _, models = reading
    with chromium(height=1400) as driver:
        open_page(driver, f"{address}/evaluate?model=first", "Evaluate")
        matrix = driver.find_element(By.CSS_SELECTOR, ".st-key-confusion .heatmaplayer image")
        cell = matrix.size["width"] / 6, matrix.size["height"] / 6
        beside = int(cell[0] * -2.2), int(cell[1] * -1.2)  # from the middle: left of the centre of row 2, column 1
        ActionChains(driver).move_to_element_with_offset(matrix, *beside).pause(0.5).click().perform()
        wait_for_cell(driver, "Fear", "Angry")
        assert "true=Fear" in driver.current_url
        test = demo_predictions(models[0])
        assert shown_rows(driver) == cell_faces(test, "Fear", "Angry")["row"].tolist()


def test_a_button_within_a_view_leads_to_another_view(reading, chromium):
    """A view runs by itself where a control in it is pressed; this one turns the page."""
    address, _, models = reading
    with chromium(height=1400) as driver:
        open_page(driver, f"{address}/evaluate?model=first&view=Negative", "Evaluate")
        driver.find_element(By.CSS_SELECTOR, ".st-key-sad_as_happy button").click()
        wait_for_cell(driver, "Sad", "Happy")
        assert shown_rows(driver) == cell_faces(demo_predictions(models[0]), "Sad", "Happy")["row"].tolist()


def test_the_keyboard_chooses_a_cell(fresh_server, chromium):
    """In the table arrow keys go from cell to cell; many faces stand in one picture, each of them once."""
    test = demo_predictions(save_model("mine", load_dataset("demo"), skill=6))
    assert len(cell_faces(test, "Happy", "Happy")) > SINGLE
    with fresh_server(FER_SOURCE="demo") as (address, _), chromium(height=1400) as driver:
        open_page(driver, f"{address}/evaluate?matrix=table&true=Fear&predicted=Sad", "Evaluate")
        table = driver.find_element(By.CSS_SELECTOR, '.st-key-confusion_table [data-testid="stDataFrame"]')
        ActionChains(driver).move_to_element(table).click().perform()  # its middle
        wait_for_cell(driver, "Happy", "Happy")
        assert shown_rows(driver) == cell_faces(test, "Happy", "Happy")["row"].tolist()
        ActionChains(driver).send_keys(Keys.ARROW_DOWN).perform()
        wait_for_cell(driver, "Sad", "Happy")
        assert shown_rows(driver) == cell_faces(test, "Sad", "Happy")["row"].tolist()


def demo_predictions(model):
    return read_predictions(model.folder / "predictions.parquet", model.labels).select("test")


def wait_for_cell(driver, true, predicted):
    words = f"Labelled {true}, predicted as {predicted}: n ="
    WebDriverWait(driver, 30).until(lambda _: words in settled(driver, "Evaluate"))


def shown_rows(driver):
    """The rows of all faces on the page, as their pictures are described."""
    described = [picture.get_attribute("alt") for picture in driver.find_elements(By.CSS_SELECTOR, "img[alt*=row]")]
    return [int(row) for text in described for row in re.findall(r"\d+", text.partition("row")[2])]


@pytest.mark.real
def test_each_page_on_the_real_faces(fresh_server, chromium, real_source):
    """With the real dataset every page comes without a fault, the audit's half minute included."""
    faces = load_dataset(real_source)
    save_model("real", faces)
    save_model("other", faces, seed=1)
    with fresh_server(FER_SOURCE=real_source) as (address, _), chromium() as driver:
        for name, title in ({"": "FER Workbench"} | READING).items():
            open_page(driver, f"{address}/{name}", title)
            assert not faults(driver), name
