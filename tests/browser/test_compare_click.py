"""A click on a difference matrix of the Compare page, in a browser."""

import pytest
from driving import open_page, settled
from saved import save_model
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from fer_core.data import load_dataset

pytestmark = pytest.mark.browser


def test_a_click_on_a_difference_shows_the_faces_that_changed(fresh_server, chromium):
    """Of the model whose matrix it is: the sentence below tells that cell, and the link holds model and cell."""
    faces = load_dataset("demo")
    for seed, name in enumerate(("first", "second", "third")):
        save_model(name, faces, seed)
    link = "compare?models=first&models=second&models=third&view=Matrices&matrices=difference"
    with fresh_server(FER_SOURCE="demo") as (address, _), chromium(height=1400) as driver:
        open_page(driver, f"{address}/{link}", "Compare")
        tables = driver.find_element(By.CSS_SELECTOR, ".st-key-matrix_tables [data-testid=stBidiComponentIsolated]")
        cell = "[data-model=third] [title^='labelled Fear, predicted Angry']"
        tables.shadow_root.find_element(By.CSS_SELECTOR, cell).click()
        WebDriverWait(driver, 60).until(lambda _: "predicted as Angry by third only" in settled(driver, "Compare"))
        for chosen in ("against=third", "true=Fear", "predicted=Angry"):
            assert chosen in driver.current_url
