from tests.actors import Business, Platform

HOST = "/api/v1/host"


class TestGetHost:
    async def test_tells_anybody_whose_it_is(self, business: Business) -> None:
        changes = {"brand_color": "#1d4ed8", "first_weekday": 7, "self_sign_up": True}
        await business.owner.patch("/api/v1/business", json=changes)
        answer = await business.anonymous.get(HOST)
        assert answer.json() == {
            "name": f"The {business.slug}",
            "is_platform": False,
            "brand_color": "#1d4ed8",
            "logo_url": None,
            "locale": "en",
            "supported_locales": ["en"],
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "first_weekday": 7,
            "self_sign_up": True,
        }
        assert answer.headers["cache-control"] == "public, max-age=60"

    async def test_tells_of_the_platform_likewise(self, platform: Platform) -> None:
        found = (await platform.anonymous.get(HOST)).json()
        assert (found["name"], found["is_platform"], found["currency"]) == ("Smooth Schedule", True, None)

    async def test_spares_whoever_has_it(self, business: Business) -> None:
        etag = (await business.anonymous.get(HOST)).headers["etag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = await business.anonymous.get(HOST, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
            assert answer.headers["cache-control"] == "public, max-age=60"
        assert (await business.anonymous.get(HOST, headers={"If-None-Match": '"other"'})).status_code == 200

    async def test_changes_its_tag_with_the_business(self, business: Business) -> None:
        etag = (await business.anonymous.get(HOST)).headers["etag"]
        await business.owner.patch("/api/v1/business", json={"name": "Renamed"})
        answer = await business.anonymous.get(HOST, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.json()["name"]) == (200, "Renamed")

    async def test_needs_a_host_that_is_known_and_served(self, business: Business, platform: Platform) -> None:
        assert (await platform.at("nobody.localhost").get(HOST)).status_code == 404
        await platform.superuser.patch(f"/api/v1/platform/tenants/{business.id}", json={"status": "suspended"})
        assert (await business.anonymous.get(HOST)).json()["code"] == "tenant-suspended"
