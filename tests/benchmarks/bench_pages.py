"""How soon Evaluate and Compare answer a control, in a real browser, with ten models beside each other.

Run it with `FER_SOURCE=<the CSV> python -m tests.benchmarks.bench_pages [models]` on idle cores. The models' answers
are drawn from a seed, to the faces of the dataset. In each view every switch is pressed three times. `answered` is what
passes from the browser's message to the last one of the server, `drawn` from the press until the browser has drawn all
of it, on the same cores and without graphics hardware. Whatever else the machine does counts as well.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from selenium import webdriver
from selenium.webdriver.common.by import By

from fer_core.data import load_dataset
from tests.browser.driving import browser, open_page, server, settled
from tests.saved import save_model

MODELS = 10
ROUNDS = 3
VIEWS = {
    "Evaluate": ("Confusion", "Classes", "ROC and PR", "Negative", "Operating point", "Calibration", "Slices"),
    "Compare": ("Scores", "Chance", "Matrices", "Agreement"),
}
"""Page → its views. Not Evaluate's Explanation, which asks the network."""
SWITCHES = "button[role=radio][aria-checked=false], [data-testid=stCheckbox] input"
"""What can be pressed; of several that exclude each other those that aren't chosen."""
PRESS = """
const [control, done] = arguments, app = document.querySelector('[data-testid=stApp]'), start = performance.now();
const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
const watch = new MutationObserver(() => {
    if (app.getAttribute('data-test-script-state') !== 'notRunning') return;
    watch.disconnect();
    drawn();
});
watch.observe(app, {attributes: true, attributeFilter: ['data-test-script-state']});
setTimeout(() => {watch.disconnect(); done(null)}, 5000);
control.click();
"""
"""Milliseconds until the page has answered, or null where it had nothing to do."""


def view_times(driver: webdriver.Chrome, page: str, link: str) -> list[tuple[float, float]]:
    """Milliseconds until answered and drawn, of all presses of the switches of one view, which is opened first."""
    open_page(driver, link, page)
    switches = [*range(len(driver.find_elements(By.CSS_SELECTOR, SWITCHES)))]
    return [times for number in ROUNDS * switches if (times := press(driver, page, number))]


def press(driver: webdriver.Chrome, page: str, number: int) -> tuple[float, float] | None:
    """None for a switch that isn't there any more, or has nothing to do."""
    switches = driver.find_elements(By.CSS_SELECTOR, SWITCHES)
    if number >= len(switches):
        return None
    driver.get_log("performance")  # and forget what was before
    drawn = driver.execute_async_script(PRESS, switches[number])
    settled(driver, page)
    return drawn and (_answered(driver), drawn)


def _answered(driver: webdriver.Chrome) -> float:
    """Milliseconds from the first message sent to the last one received."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent, received = (
        [event["params"]["timestamp"] for event in events if event["method"] == f"Network.webSocketFrame{way}"]
        for way in ("Sent", "Received")
    )
    return 1000 * (max(received) - min(sent))


def report(name: str, times: list[tuple[float, float]]) -> None:
    half, most = np.percentile(times, (50, 95), axis=0)
    columns = (half[0], most[0], half[1], most[1])
    print(f"{name:<26}{len(times):>8}" + "".join(f"{time:>12,.0f} ms" for time in columns), flush=True)


def main() -> None:
    count = int(sys.argv[1]) if sys.argv[1:] else MODELS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FER_MODELS"] = str(folder / "models")
        dataset = load_dataset()
        names = [save_model(f"drawn-{seed}", dataset, seed).id for seed in range(count)]
        links = {
            "Evaluate": f"evaluate?model={names[0]}",
            "Compare": f"compare?{'&'.join(f'models={m}' for m in names)}",
        }
        titles = "".join(f"{title:>15}" for title in ("answered: half", "p95", "drawn: half", "p95"))
        print(f"{count} models, {len(dataset):,} faces\n{'':<26}{'presses':>8}{titles}")
        environment = {"FER_MODELS": os.environ["FER_MODELS"]}
        with server(environment, folder) as (address, _), browser(folder, traffic=True) as driver:
            driver.set_script_timeout(30)
            everything = []
            for page, views in VIEWS.items():
                for view in views:
                    times = view_times(driver, page, f"{address}/{links[page]}&view={view.replace(' ', '+')}")
                    everything += times
                    report(f"{page}: {view}", times)
            report("all", everything)


if __name__ == "__main__":
    main()
