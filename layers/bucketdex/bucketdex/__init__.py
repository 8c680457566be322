"""bucketdex: the search index and catalog for data kept in Amazon S3."""

__version__ = "0.1.0"
