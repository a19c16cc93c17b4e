"""One browser for this folder, closed before the tests of the next: its event loop would be in their way."""

import pytest

from page.browsing import chromium


@pytest.fixture(scope="package")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def expect(browser):
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)  # for machines that have much else to do; nothing waits that long otherwise
    return expect
