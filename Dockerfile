# syntax=docker/dockerfile:1
# The production image: no build tools, no embedded servers, no root.
FROM python:3.12-slim-bookworm AS build
WORKDIR /srv
COPY requirements ./requirements
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/uv.txt
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-default-groups --no-install-project --no-cache
COPY app ./app
COPY migrations ./migrations
COPY docs ./docs
COPY alembic.ini ./
RUN uv sync --frozen --no-default-groups --no-cache

FROM python:3.12-slim-bookworm
WORKDIR /srv
COPY --from=build /srv /srv
RUN install -d -o 10001 -g 10001 -m 750 logs .data
ENV PATH=/srv/.venv/bin:$PATH ENVIRONMENT=production PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz')"]
ENTRYPOINT ["smoothschedule"]
CMD ["serve", "--host", "0.0.0.0"]
