"""One module for each page: ``collect(run)`` returns what its template shows."""
