"""Settings, read from the environment, then `.env`, then what `script/server` wrote. See docs/settings.md."""

from enum import StrEnum
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self

from pydantic import Field, FilePath, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SECRET = "development-only-secret-key-that-production-refuses"  # noqa: S105 — refused in production # nosec B105

PUBLIC_RESOLVERS = ["1.1.1.1", "8.8.8.8", "9.9.9.9"]


_SMTP_URL = r"^smtps?://([^@/?#\s]+@)?([^@/?#:\s\[\]]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?/?(\?starttls=(true|false))?$"


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


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
    require_second_factor: bool = False
    requests_per_minute_of_session: int = Field(600, ge=1, le=1_000_000)
    requests_per_minute_of_address: int = Field(300, ge=1, le=1_000_000)
    sockets_per_user: int = Field(20, ge=1, le=100_000)
    sockets_per_business: int = Field(2_000, ge=1, le=1_000_000)
    trusted_proxies: list[IPv4Network | IPv6Network] = []
    webhook_allow_loopback: bool = False
    dns_resolvers: list[str] = []
    smtp_url: str | None = Field(None, pattern=_SMTP_URL)
    mail_from: str | None = Field(None, pattern=r"^[\w.!#$%&'*+/=?^{|}~-]+@[A-Za-z0-9.-]+$")
    inbound_mail_domain: str | None = Field(None, pattern=r"^[A-Za-z0-9.-]+$")
    inbound_mail_host: str = "127.0.0.1"
    inbound_mail_port: int = Field(2525, ge=0, le=65535)
    inbound_mail_certificate: FilePath | None = None
    inbound_mail_key: FilePath | None = None
    data_dir: Path = Path(".data")
    media_bucket: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    media_region: str | None = None
    media_endpoint_url: str | None = Field(None, pattern=r"^https?://[^/?#\s]+$")
    media_dir: Path | None = None
    geoip_database: FilePath | None = None
    build_id: str = "development"
    log_format: LogFormat | None = None
    log_dir: Path = Path("logs")
    log_max_bytes: int = Field(10 * 1024 * 1024, ge=1024)
    log_backups: int = Field(10, ge=1, le=100)
    audit_key: str | None = Field(None, min_length=32)

    @property
    def listen_url(self) -> str:
        """Where LISTEN runs: a direct connection, also where the pool goes through a pooler."""
        return self.database_listen_url or self.database_url

    @property
    def wants_second_factor(self) -> bool:
        """Whether platform roles may only be used with a second factor."""
        return self.require_second_factor or self.environment is Environment.PRODUCTION

    @property
    def resolvers(self) -> list[str]:
        """Who is asked for the records of domains; nobody outside of production, unless they are named."""
        return self.dns_resolvers or (PUBLIC_RESOLVERS if self.environment is Environment.PRODUCTION else [])

    @property
    def sender(self) -> str:
        """The address that mails come from."""
        return self.mail_from or f"no-reply@{self.root_domain}"

    @property
    def media_folder(self) -> Path:
        """Where files lie that have no bucket."""
        return self.media_dir or self.data_dir / "media"

    @property
    def logs_as(self) -> LogFormat:
        """How log lines look: to be read by people in development, by programs in production."""
        usual = LogFormat.JSON if self.environment is Environment.PRODUCTION else LogFormat.TEXT
        return self.log_format or usual

    @property
    def secure_cookies(self) -> bool:
        return self.public_scheme == "https"

    @property
    def websocket_scheme(self) -> str:
        return "wss" if self.public_scheme == "https" else "ws"

    def url(self, label: str | None = None) -> str:
        """The public address of a host under the root domain (of the root itself without a label)."""
        return self.origin(f"{label}.{self.root_domain}" if label else self.root_domain)

    def origin(self, host: str) -> str:
        """What browsers say they are at, on a page of this host of ours."""
        usual = {"http": 80, "https": 443}[self.public_scheme]
        suffix = "" if self.environment is Environment.PRODUCTION or self.port == usual else f":{self.port}"
        return f"{self.public_scheme}://{host}{suffix}"

    @model_validator(mode="after")
    def _refuse_half_a_certificate(self) -> Self:
        if (self.inbound_mail_certificate is None) != (self.inbound_mail_key is None):
            raise ValueError("INBOUND_MAIL_CERTIFICATE and INBOUND_MAIL_KEY go together")
        return self

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
        if (self.media_endpoint_url or "https:").startswith("http:"):
            raise ValueError("MEDIA_ENDPOINT_URL must be https in production")
        if self.smtp_url is None:
            raise ValueError("SMTP_URL must be set in production: invitations and new passwords go by mail")
        return self


@cache
def get_settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
