"""The guides as pages: where they lie, where they lead, and what a browser is told of them."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from app.core.markdown import render
from app.errors import problem_types
from app.routers import guides
from app.routers.browser_rules import page_policy
from app.routers.developer_pages import ASSETS
from tests.actors import Business, Platform
from tests.docs.markdown import ROOT, links
from tests.routers.html import dead_links, read

ADDRESSES = [address for address, _ in guides.contents()]


@pytest.mark.parametrize("address", ADDRESSES)
class TestEachGuide:
    async def test_is_a_page_that_loads_from_its_own_host_alone(self, platform: Platform, address: str) -> None:
        answer = await platform.anonymous.get(address)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == page_policy()
        page = await read(platform.anonymous, address)
        assert page.inline == []
        for path in page.fetched:
            assert path.startswith(f"{ASSETS}/")
            assert (await platform.anonymous.get(path)).status_code == 200

    async def test_can_be_read_by_everybody(self, platform: Platform, address: str) -> None:
        page = await read(platform.anonymous, address)
        assert [each["lang"] for each in page.all("html")] == ["en"]
        assert [tag for tag, _ in page.elements if tag in {"h1", "main"}] == ["main", "h1"]
        assert len(page.ids) == len(set(page.ids))
        assert all(each["aria-label"] for each in page.all("nav"))
        first_link = page.all("a")[0]
        assert (first_link["class"], first_link["href"].removeprefix("#") in page.ids) == ("skip", True)
        assert [each["href"] for each in page.all("a") if each.get("aria-current") == "page"] == [address]

    async def test_is_on_every_host(self, platform: Platform, bystander: Business, address: str) -> None:
        assert (await bystander.anonymous.get(address)).text == (await platform.anonymous.get(address)).text

    async def test_is_not_sent_twice(self, platform: Platform, address: str) -> None:
        first = await platform.anonymous.get(address)
        again = await platform.anonymous.get(address, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert first.headers["cache-control"] == again.headers["cache-control"] == "no-cache"


class TestGuides:
    async def test_lead_somewhere(self, business: Business) -> None:
        assert await dead_links(business.anonymous, *ADDRESSES) == []

    def test_are_all_named_by_the_index(self) -> None:
        assert {path.resolve() for path in (ROOT / "docs" / "help").glob("*.md")} <= set(guides.sources().values())

    @pytest.mark.parametrize("source", guides.sources().values(), ids=lambda path: path.stem)
    def test_link_to_no_document_that_is_not_shown(self, source: Path) -> None:
        linked = {link.partition("#")[0] for link in links(source) if "://" not in link}
        documents = {(source.parent / link).resolve() for link in linked if link.endswith(".md")}
        assert documents <= {path.resolve() for path in guides.sources().values()}

    async def test_have_no_page_for_other_names(self, business: Business) -> None:
        for name in ("nothing", "README", "security", "..%2Fsecurity"):
            answer = await business.anonymous.get(f"/help/{name}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")

    async def test_are_listed_for_a_browser_that_asks_for_another(self, business: Business) -> None:
        answer = await business.anonymous.get("/help/<i>x", headers={"Accept": "text/html,*/*;q=0.8"})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "There is no guide &#39;&lt;i&gt;x&#39;." in answer.text
        assert all(f'href="{address}"' in answer.text for address in ADDRESSES)

    async def test_keep_their_styles_as_long_as_they_hold(self, business: Business) -> None:
        answer = await business.anonymous.get(f"{ASSETS}/developers.css")
        assert answer.headers["cache-control"] == "no-cache"
        again = await business.anonymous.get(
            f"{ASSETS}/developers.css", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


class TestPackages:
    @pytest.mark.parametrize("source", guides.sources().values(), ids=lambda path: path.stem)
    def test_hold_every_guide(self, source: Path) -> None:
        path = str(source).removeprefix(f"{ROOT}/")
        wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
        context = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines()]
        assert any(path == each or path.startswith(f"{each}/") for each in wheel["only-include"])
        assert any(fnmatch(path, f"{each}*") for each in context if each.startswith("docs/"))
        assert "COPY docs ./docs" in (ROOT / "Dockerfile").read_text().splitlines()


class TestProblems:
    async def test_each_leads_a_browser_to_its_heading(self, business: Business) -> None:
        headings = (await read(business.anonymous, "/help/errors")).ids
        for kind in problem_types():
            answer = await business.anonymous.get(f"/problems/{kind.code()}", headers={"Accept": "text/html"})
            assert (answer.status_code, answer.headers["location"]) == (303, f"/help/errors#{kind.code()}")
            assert kind.code() in headings

    async def test_each_tells_a_program_what_it_means(self, business: Business) -> None:
        answer = await business.anonymous.get("/problems/slot-taken")
        assert (answer.json()["code"], answer.headers["vary"]) == ("slot-taken", "Accept, Accept-Language")

    async def test_others_do_not_exist(self, business: Business) -> None:
        answer = await business.anonymous.get("/problems/nothing", headers={"Accept": "text/html"})
        assert answer.status_code == 404


class TestRender:
    def test_lets_no_html_of_the_text_through(self) -> None:
        page = render("# A <b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n```sh\na <b>\n```\n")
        assert "<script" not in page.html
        assert "<b>" not in page.html
        assert "href" not in page.html
        assert page.title == "A <b>"

    def test_leaves_the_words_of_a_link_that_leads_nowhere(self) -> None:
        page = render("[here](a.md) and [*there*](b.md)", {"a.md": "/a"}.get)
        assert page.html == '<p><a href="/a">here</a> and <em>there</em></p>\n'

    def test_gives_headings_their_anchors(self) -> None:
        page = render("# One\n\n## What `it` may do, now\n")
        assert [(each.level, each.anchor) for each in page.headings] == [(1, "one"), (2, "what-it-may-do-now")]
        assert '<h2 id="what-it-may-do-now"><a class="anchor" href="#what-it-may-do-now">' in page.html
