"""One file for each page: what it asks, and what its template shows."""
