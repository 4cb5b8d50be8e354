"""A click on a difference matrix of the Compare page, in a browser."""

import pytest
from driving import open_page, settled
from saved import save_model
from selenium.webdriver.common.action_chains import ActionChains
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
        matrix = driver.find_element(By.CSS_SELECTOR, ".st-key-matrix_third .nsewdrag")
        cell = matrix.size["width"] / 6, matrix.size["height"] / 6
        middle_of_row_2_column_1 = int(cell[0] * -2.5), int(cell[1] * -1.5)
        ActionChains(driver).move_to_element_with_offset(matrix, *middle_of_row_2_column_1).pause(0.5).click().perform()
        WebDriverWait(driver, 60).until(lambda _: "predicted as Angry by third only" in settled(driver, "Compare"))
        for chosen in ("against=third", "true=Fear", "predicted=Angry"):
            assert chosen in driver.current_url
