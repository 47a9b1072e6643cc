"""The background thread that scores: what it takes next, and where the results stand."""
