"""A run as a person sees it in a browser: started, outliving the server, stopped, resumed, another one queued."""

from pathlib import Path

import pytest
from driving import faults, open_page, settled
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from fer_core import store
from fer_core.training import runs

pytestmark = pytest.mark.browser


def press(driver, key: str) -> None:
    """Click the button of that key, as soon as there is one."""
    button = f".st-key-{key} button"
    waiting(driver).until(lambda _: driver.find_element(By.CSS_SELECTOR, button))
    driver.execute_script("document.querySelector(arguments[0]).click()", button)


def type_in(driver, key: str, text: str) -> None:
    """Replace what the field of that key holds."""
    field = driver.find_element(By.CSS_SELECTOR, f".st-key-{key} input")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text, Keys.ENTER)
    settled(driver, "Train")


def waiting(driver) -> WebDriverWait:
    return WebDriverWait(driver, 120, 0.3, (StaleElementReferenceException, IndexError))


def shows(driver, words: str) -> None:
    """Wait until the page says so."""
    waiting(driver).until(lambda _: words in driver.find_element(By.CSS_SELECTOR, '[data-testid="stMain"]').text)


def test_run_outlives_the_server_and_obeys_the_page(fresh_server, chromium):
    """The server dies in the second epoch; a new one shows the run with its whole curve; queue, stop, resume."""
    with chromium(height=1400) as driver:
        with fresh_server(FER_SOURCE="demo") as (address, process):
            open_page(driver, f"{address}/train", "Train")
            type_in(driver, "epochs-quick", "900")  # so that it doesn't end while the browser looks
            press(driver, "start")
            shows(driver, "running")
            waiting(driver).until(lambda _: store.list_models() and len(store.list_models()[0].history()) >= 2)
            maps = Path(f"/proc/{process}/maps")  # the worker loads TensorFlow, the server never does
            assert not maps.exists() or "_pywrap_tensorflow" not in maps.read_text()
        first = store.list_models()[0]
        assert first.status == "running"
        with fresh_server(FER_SOURCE="demo") as (address, _):
            open_page(driver, f"{address}/train?run={first.id}", "Train")
            shows(driver, "running")
            assert driver.find_elements(By.CSS_SELECTOR, ".st-key-curve_Loss")
            press(driver, "start")
            shows(driver, "It waits for another run to end")
            second = next(model for model in store.list_models() if model.id != first.id)
            waiting(driver).until(lambda _: f"run={second.id}" in driver.current_url)
            press(driver, f"stop-{second.id}")
            shows(driver, "stopped")
            type_in(driver, "run", first.id)  # by keyboard, while the page is live
            shows(driver, "faces a second")
            waiting(driver).until(lambda _: f"run={first.id}" in driver.current_url)
            press(driver, f"stop-{first.id}")
            shows(driver, "stopped")
            press(driver, f"resume-{first.id}")
            shows(driver, "running")
            press(driver, f"change-{first.id}")
            shows(driver, f"The settings of {first.id}, to be changed.")
            assert not faults(driver)
            assert second.status == "stopped"
    runs.request_stop(first)
    waiting(driver).until(lambda _: not first.busy)
    assert list(first.history()["epoch"]) == list(range(1, len(first.history()) + 1))
