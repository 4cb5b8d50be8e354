"""A fresh Streamlit server and a headless Chromium, for tests that look at pages as a user does."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CHROMEDRIVER = shutil.which("chromedriver")
PATIENCE = 120
"""Seconds until a page that shows nothing is given up."""
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@contextmanager
def server(environment: dict[str, str], folder: Path) -> Iterator[tuple[str, int]]:
    """A server of its own, where nobody has been yet: its address and its process id. Its output goes to `folder`."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, f"--server.port={port}"], cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log
        )
    try:
        _wait_for(f"http://localhost:{port}/_stcore/health", process)
        yield f"http://localhost:{port}", process.pid
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def browser(
    folder: Path, width: int = 1280, height: int = 900, dark: bool = False, traffic: bool = False
) -> Iterator[webdriver.Chrome]:
    """A Chromium whose reader prefers light or dark, with a profile of its own in `folder`.

    With `traffic`, what goes over the network stands in `get_log("performance")`.
    """
    options = webdriver.ChromeOptions()
    if traffic:
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.binary_location = CHROMIUM
    for option in (*_OPTIONS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(option)
    driver = webdriver.Chrome(options, Service(CHROMEDRIVER))
    try:
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        yield driver
    finally:
        driver.quit()


def open_page(driver: webdriver.Chrome, url: str, title: str) -> str:
    """Open `url`, wait until the page called `title` has run to its end, and return its text."""
    driver.get(url)
    return settled(driver, title)


def settled(driver: webdriver.Chrome, title: str) -> str:
    """The text of the page once it is called `title` and no script runs any more."""
    ignored = (StaleElementReferenceException, IndexError)
    WebDriverWait(driver, PATIENCE, 0.3, ignored).until(lambda _: _is_done(driver, title))
    return driver.find_element(By.CSS_SELECTOR, '[data-testid="stAppViewContainer"]').text


def faults(driver: webdriver.Chrome) -> list[str]:
    """The texts of all exception boxes, error boxes and dialogs."""
    boxes = '[data-testid="stException"], [data-testid="stAlertContentError"], [data-testid="stDialog"]'
    return [box.text for box in driver.find_elements(By.CSS_SELECTOR, boxes)]


def fits(driver: webdriver.Chrome) -> bool:
    """Whether the page scrolls up and down only. The window never scrolls, but what it holds beside the navigation."""
    return driver.execute_script("""
        const page = document.querySelector('[data-testid="stMain"]');
        return page.scrollWidth <= page.clientWidth;
    """)


def clipped(driver: webdriver.Chrome) -> list[str]:
    """The words of all charts that stand out of their chart."""
    return driver.execute_script("""
        return [...document.querySelectorAll(".js-plotly-plot")].flatMap(chart => {
            const edge = chart.getBoundingClientRect();
            return [...chart.querySelectorAll("text")].filter(text => {
                const box = text.getBoundingClientRect();
                return box.width && (box.left < edge.left - 1 || box.right > edge.right + 1);
            }).map(text => text.textContent);
        });
    """)


def _is_done(driver: webdriver.Chrome, title: str) -> bool:
    heading = driver.find_elements(By.CSS_SELECTOR, '[data-testid="stHeading"] h1')[0].text
    app = driver.find_element(By.CSS_SELECTOR, '[data-testid="stApp"]')
    spinners = driver.find_elements(By.CSS_SELECTOR, '[data-testid="stSpinner"], [data-testid="stSkeleton"]')
    return heading == title and app.get_attribute("data-test-script-state") == "notRunning" and not spinners


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.3)
        else:
            return
    raise RuntimeError("the server did not come up; see server.log")
