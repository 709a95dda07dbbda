"""The waitlist: who waits for a place, who is offered one that has become free, and what they answer."""
