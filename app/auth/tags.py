"""What cached principals are tagged with: by `announce`, a change to any of it drops them in every process."""

from uuid import UUID

from app.tenancy.mode import Mode


def user_tag(user_id: UUID) -> str:
    """The tag of everything that depends on this user's role, areas and activity."""
    return f"user:{user_id}"


def session_tag(session_id: UUID) -> str:
    """The tag of a session's principal, and of those of masquerades begun from it."""
    return f"session:{session_id}"


def mode_tag(session_id: UUID, mode: Mode) -> str:
    """The tag that a session drops when it goes over to this mode: no cache has it, but what is open ends."""
    return f"mode:{session_id}:{mode}"


def token_tag(token_id: UUID) -> str:
    """The tag of an API token's principal."""
    return f"token:{token_id}"
