"""What cached principals are tagged with: by `announce`, a change to any of it drops them in every process."""

from uuid import UUID


def user_tag(user_id: UUID) -> str:
    """The tag of everything that depends on this user's role, areas and activity."""
    return f"user:{user_id}"


def session_tag(session_id: UUID) -> str:
    """The tag of a session's principal, and of those of masquerades begun from it."""
    return f"session:{session_id}"


def token_tag(token_id: UUID) -> str:
    """The tag of an API token's principal."""
    return f"token:{token_id}"
