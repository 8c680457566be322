"""Objects: a hint about a key becomes the document that says what S3 holds under it now."""
