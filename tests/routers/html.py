"""Reading pages: their elements, and whether their links lead somewhere."""

from html.parser import HTMLParser

import httpx


class Page(HTMLParser):
    """The elements of a page, in order, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of the elements of this kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    @property
    def inline(self) -> list[str]:
        """What a strict policy would not let run: scripts, styles and handlers in the page itself."""
        scripts = [tag for tag, attributes in self.elements if tag == "script" and "src" not in attributes]
        styles = [tag for tag, attributes in self.elements if tag == "style" or "style" in attributes]
        handlers = [name for _, attributes in self.elements for name in attributes if name.startswith("on")]
        return scripts + styles + handlers

    @property
    def fetched(self) -> list[str]:
        """What the page loads by itself."""
        return [each["src"] for tag in ("script", "img") for each in self.all(tag)] + [
            each["href"] for each in self.all("link")
        ]


async def read(client: httpx.AsyncClient, path: str) -> Page:
    """The page at an address that has one."""
    answer = await client.get(path, headers={"Accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == 200, path
    return Page(answer.text)


async def dead_links(client: httpx.AsyncClient, *paths: str) -> list[str]:
    """The links of these pages that lead to nothing on this host, whether it is the page or its heading that lacks."""
    pages: dict[str, Page] = {}

    async def page_at(path: str) -> Page:
        if path not in pages:
            pages[path] = await read(client, path)
        return pages[path]

    dead = []
    for path in paths:
        for link in {each["href"] for each in (await page_at(path)).all("a")}:
            target, _, heading = link.partition("#")
            if not target.startswith(("http:", "https:")) and heading:
                dead += [f"{path}: {link}"] if heading not in (await page_at(target or path)).ids else []
            elif target.startswith("/"):
                await page_at(target)
    return dead
