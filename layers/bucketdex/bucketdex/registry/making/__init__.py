"""Files become a package, and a package a manifest."""
