"""A photo and a video uploaded in a browser, with the shipped model."""

import numpy as np
import pytest
from clips import encode, scene
from driving import faults, open_page, settled
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.ui import WebDriverWait

from fer_core.paths import ROOT
from pages._ui import purpose

pytestmark = pytest.mark.browser


def state_purpose(driver, title: str) -> None:
    """Answer the question that is asked once a session."""
    driver.find_element(By.XPATH, f"//label[contains(., '{purpose.ALLOWED[0]}')]").click()
    go_on = element_to_be_clickable((By.XPATH, "//button[contains(., 'Continue')]"))  # disabled until the answer is in
    WebDriverWait(driver, 120, 0.5).until(go_on).click()
    WebDriverWait(driver, 120, 0.5).until(lambda _: driver.find_elements(By.CSS_SELECTOR, "input[type=file]"))
    settled(driver, title)


def test_photo_of_a_smile_is_happy_and_a_broken_file_is_told_in_one_line(fresh_server, chromium, tmp_path):
    """An astronaut's portrait, in the public domain, beside a file that is no picture."""
    data = pytest.importorskip("skimage.data")
    photo, broken = tmp_path / "astronaut.png", tmp_path / "broken.png"
    Image.fromarray(data.astronaut()).save(photo)
    broken.write_bytes(b"no picture")
    with fresh_server(FER_SOURCE="demo", FER_MODELS=str(ROOT / "models")) as (address, _), chromium() as driver:
        open_page(driver, f"{address}/predict?model=compact", "Predict")
        state_purpose(driver, "Predict")
        driver.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(f"{photo}\n{broken}")
        WebDriverWait(driver, 120, 0.5).until(lambda _: "2: broken.png" in settled(driver, "Predict"))
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


def test_a_video_of_a_smile_that_goes_away_has_a_gap(fresh_server, chromium, tmp_path):
    """Two seconds of the astronaut and one of nobody: one face, its line, and the frames of which nothing is said."""
    data = pytest.importorskip("skimage.data")
    face = np.asarray(Image.fromarray(data.astronaut()).convert("L"))
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(encode([scene([(face, 40, 0)], side=240)] * 20 + [scene([])] * 10, 10))
    with fresh_server(FER_SOURCE="demo", FER_MODELS=str(ROOT / "models")) as (address, _), chromium() as driver:
        open_page(driver, f"{address}/timeline?model=compact", "Timeline")
        state_purpose(driver, "Timeline")
        driver.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(clip))
        WebDriverWait(driver, 120, 0.5).until(lambda _: "15 frames, 1 face" in settled(driver, "Timeline"))
        text = settled(driver, "Timeline")
        assert "in 5 of them no face is seen" in text
        assert "Happy" in text
        assert not faults(driver)
