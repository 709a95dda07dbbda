"""Settings, read from the environment, then `.env`, then what `script/server` wrote. See docs/settings.md."""

from enum import StrEnum
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SECRET = "development-only-secret-key-that-production-refuses"  # noqa: S105 — refused in production


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=(".data/development.env", ".env"), extra="ignore", env_ignore_empty=True)

    environment: Environment = Environment.DEVELOPMENT
    secret_key: str = Field(DEVELOPMENT_SECRET, min_length=32)
    database_url: str = "postgresql+asyncpg://smoothschedule@localhost/smoothschedule"
    database_listen_url: str | None = None
    database_pool_size: int = Field(20, ge=1, le=200)
    redis_url: str = "redis://localhost:6379/0"
    root_domain: str = "localhost"
    public_scheme: str = Field("http", pattern="^https?$")
    port: int = Field(8000, ge=1, le=65535)
    trusted_proxies: list[IPv4Network | IPv6Network] = []
    webhook_allow_loopback: bool = False
    data_dir: Path = Path(".data")

    @property
    def listen_url(self) -> str:
        """Where LISTEN runs: a direct connection, also where the pool goes through a pooler."""
        return self.database_listen_url or self.database_url

    @property
    def secure_cookies(self) -> bool:
        return self.public_scheme == "https"

    def url(self, label: str | None = None) -> str:
        """The public address of a host under the root domain (of the root itself without a label)."""
        host = f"{label}.{self.root_domain}" if label else self.root_domain
        usual = {"http": 80, "https": 443}[self.public_scheme]
        suffix = "" if self.environment is Environment.PRODUCTION or self.port == usual else f":{self.port}"
        return f"{self.public_scheme}://{host}{suffix}"

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        if self.secret_key == DEVELOPMENT_SECRET:
            raise ValueError("SECRET_KEY must be set in production: `openssl rand -hex 32` makes one")
        if self.public_scheme != "https":
            raise ValueError("PUBLIC_SCHEME must be https in production")
        if self.webhook_allow_loopback:
            raise ValueError("WEBHOOK_ALLOW_LOOPBACK must be off in production")
        return self


@cache
def get_settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
