"""What can go wrong on a development machine, told so that the reader knows what to do next."""


class DevelopmentError(Exception):
    """A server could not be found, started or kept running; the message says which, why and what helps."""
