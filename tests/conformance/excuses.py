"""What requests that agree with the document may be refused for all the same, since no JSON schema can say it.

docs/conformance.md has the reason for each.
"""

PROBLEMS = {
    "cursor-invalid",
    "link-invalid",
    "revision-stale",
    "tier-limit",
}
"""The problems that are answered then."""

FIELDS = {
    "characters",
    "common",
    "customer-only",
    "demos-only",
    "email",
    "file-name",
    "fraction",
    "guessable",
    "hostname",
    "in-the-past",
    "network",
    "not-after-start",
    "not-before-end",
    "not-public",
    "one-of",
    "origin",
    "overlap",
    "repeated",
    "reserved",
    "same-as-email",
    "staff-only",
    "time-zone",
    "too-far",
    "too-few",
    "unchanged",
    "unknown",
    "unsuitable",
    "url",
    "variable",
    "year",
}
"""What may be wrong with a field then."""
