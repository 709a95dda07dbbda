"""Which mode somebody works in, as it travels."""

from app.core.schemas import RequestModel, ResponseModel
from app.tenancy.mode import Mode


class SandboxToggle(RequestModel):
    enabled: bool
    """True to enter the sandbox, false to leave it."""


class ModeRead(ResponseModel):
    mode: Mode
    """Which data this browser works on from now on."""
