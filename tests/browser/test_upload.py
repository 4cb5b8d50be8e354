"""A photo uploaded in a browser, with the shipped model."""

import pytest
from driving import faults, open_page, settled
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from fer_core.paths import ROOT

pytestmark = pytest.mark.browser


def test_photo_of_a_smile_is_happy_and_a_broken_file_is_told_in_one_line(fresh_server, chromium, tmp_path):
    """An astronaut's portrait, in the public domain, beside a file that is no picture."""
    data = pytest.importorskip("skimage.data")
    photo, broken = tmp_path / "astronaut.png", tmp_path / "broken.png"
    Image.fromarray(data.astronaut()).save(photo)
    broken.write_bytes(b"no picture")
    with fresh_server(FER_SOURCE="demo", FER_MODELS=str(ROOT / "models")) as (address, _), chromium() as driver:
        open_page(driver, f"{address}/predict?model=compact", "Predict")
        driver.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(f"{photo}\n{broken}")
        WebDriverWait(driver, 120, 0.5).until(lambda _: "2. broken.png" in settled(driver, "Predict"))
        text = settled(driver, "Predict")
        assert "1 face" in text
        assert "Happy" in text
        (fault,) = faults(driver)
        assert "expected a JPEG, PNG, WebP or HEIC picture" in fault


def test_example_shows_something_at_once(fresh_server, chromium):
    """Without a photo of one's own: a face of the dataset, with its label."""
    with fresh_server(FER_SOURCE="demo", FER_MODELS=str(ROOT / "models")) as (address, _), chromium() as driver:
        text = open_page(driver, f"{address}/predict?model=compact&from=Example", "Predict")
        assert "labelled" in text
        assert "as the network sees it" in text
        assert not faults(driver)
