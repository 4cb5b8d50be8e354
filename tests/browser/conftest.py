"""Servers and browsers; without a Chromium and its driver these tests are skipped."""

import pytest
from driving import CHROMEDRIVER, CHROMIUM, browser, server


@pytest.fixture(autouse=True)
def _chromium():
    if not (CHROMIUM and CHROMEDRIVER):
        pytest.skip("no chromium and chromedriver on the PATH")


@pytest.fixture
def fresh_server(tmp_path):
    """Starts servers where nobody has been; each is a context that yields its address and its process id."""
    folders = {"FER_DATA": str(tmp_path / "data"), "FER_MODELS": str(tmp_path / "models")}
    return lambda **environment: server(folders | environment, tmp_path)


@pytest.fixture
def chromium(tmp_path):
    """Starts browsers; each is a context that yields its driver."""
    return lambda **wishes: browser(tmp_path / "browser", **wishes)
