"""A page of another origin, in a browser: the API's answers stay closed to it until the business lists it."""

from typing import Any

import pytest
from playwright.async_api import Browser, Error

from tests.actors import Business
from tests.browser.site import Site

CALL = """
async ([address, token]) => {
  const answer = await fetch(address, {
    method: 'POST',
    headers: {'Authorization': `Bearer ${token}`, 'Content-Type': 'application/json'},
    body: JSON.stringify({name: 'Grace Hopper'}),
  })
  return [answer.status, (await answer.json()).name, answer.headers.get('Smooth-Version')]
}
"""


class TestPage:
    async def test_calls_the_api_once_its_origin_is_listed(
        self, site: Site, browser: Browser, business: Business
    ) -> None:
        page = await browser.new_page(bypass_csp=True)  # any page will do, and ours call nobody else
        await page.goto(site.at("platform", "/docs"))
        call: list[Any] = [site.at(business.slug, "/api/v1/customers"), await business.token("customers:write")]
        with pytest.raises(Error, match="Failed to fetch"):
            await page.evaluate(CALL, call)
        await business.owner.patch("/api/v1/business", json={"cors_origins": [site.at("platform", "")]})
        status, name, version = await page.evaluate(CALL, call)
        assert (status, name) == (201, "Grace Hopper")
        assert version is not None
        await page.close()
