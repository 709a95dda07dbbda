"""The window that tells of what its pages do: it would tell."""

import pytest
from playwright.async_api import Browser

from tests.browser.site import Site, watching

LOG_IN = "/admin/login"


class TestWatching:
    @pytest.mark.parametrize(
        "script",
        [
            "console.error('broken')",
            "setTimeout(() => { throw new Error('broken') })",
            "fetch('http://192.0.2.1/').catch(() => null)",
            "document.body.append(Object.assign(document.createElement('script'), {textContent: 'broken()'}))",
        ],
    )
    async def test_a_page_that_errs_or_asks_elsewhere_fails(self, site: Site, browser: Browser, script: str) -> None:
        with pytest.raises(AssertionError, match=r"broken|192\.0\.2\.1|Content Security Policy"):
            async with watching(browser) as window:
                await window.page.goto(site.at("platform", LOG_IN))
                async with window.page.expect_console_message(lambda message: message.text == "done"):
                    await window.page.evaluate(f"() => {{ {script}; setTimeout(() => console.info('done'), 100) }}")

    async def test_one_that_does_nothing_of_it_passes(self, site: Site, browser: Browser) -> None:
        async with watching(browser) as window:
            await window.page.goto(site.at("platform", LOG_IN))
