"""`bucketdex demo`: from nothing to a result, with real files."""
