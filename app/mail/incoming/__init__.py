"""Mail that comes in: read, and judged by what it says of itself. Pure, but for the questions to the DNS."""
