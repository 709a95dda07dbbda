"""Lists as the address of a page asks for them: `?q=…&sort=-name&page=2`."""

import re
from urllib.parse import urlencode

from starlette.requests import Request

from app.core.listing import LAST_PAGE, ListRequest

_LONGEST_SEARCH = 120
_PAGE = re.compile(r"[1-9][0-9]{0,3}")


def list_request(request: Request) -> ListRequest:
    """What the address asks for. What makes no sense in it is left aside."""
    asked = request.query_params
    sort = asked.get("sort", "")
    page = asked.get("page", "1")
    return ListRequest(
        search=asked.get("q", "").replace("\0", "").strip()[:_LONGEST_SEARCH] or None,
        sort=sort.removeprefix("-") or None,
        descending=sort.startswith("-"),
        page=min(int(page), LAST_PAGE) if _PAGE.fullmatch(page) else 1,
    )


def chosen(request: Request, name: str, options: list[str]) -> str | None:
    """What the address says of this filter, if it is one of the options."""
    value = request.query_params.get(name)
    return value if value in options else None


def with_query(request: Request, **changes: object) -> str:
    """The query of the page's address with these changes (None leaves out), and without what it said was done."""
    kept = {name: value for name, value in request.query_params.items() if name != "done"}
    asked = {name: value for name, value in (kept | changes).items() if value is not None}
    return f"?{urlencode(asked)}" if asked else request.url.path
