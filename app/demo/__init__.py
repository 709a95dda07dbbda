"""Two businesses to look at: a salon with four weeks in its diary, and a garage beside it."""
