"""Packages: the documents of pointers and manifests kept true, and the entries of manifests kept searchable."""
