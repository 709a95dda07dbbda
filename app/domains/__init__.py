"""Host names of businesses' own: named, proved to be theirs, served, watched over, and let go."""
