"""Production refuses what is unsafe, and says why."""

import pytest
from pydantic import ValidationError

from app.settings import DEVELOPMENT_SECRET, Environment, Settings

SAFE = {
    "environment": Environment.PRODUCTION,
    "secret_key": "a secret key that only the tests know of",
    "public_scheme": "https",
    "smtp_url": "smtp://localhost",
}


def settings(**changes: object) -> Settings:
    """The settings of a safe installation, but for these."""
    return Settings.model_validate(SAFE | changes)


class TestProduction:
    def test_takes_what_is_safe(self) -> None:
        assert settings().secure_cookies
        assert settings().wants_second_factor

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("secret_key", DEVELOPMENT_SECRET),
            ("secret_key", "short"),
            ("public_scheme", "http"),
            ("webhook_allow_loopback", True),
            ("smtp_url", None),
            ("media_endpoint_url", "http://minio.internal:9000"),
        ],
    )
    def test_refuses_what_is_unsafe(self, name: str, value: object) -> None:
        with pytest.raises(ValidationError, match=rf"(?i){name}"):
            settings(**{name: value})
