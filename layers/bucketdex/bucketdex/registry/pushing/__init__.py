"""A package into a registry, with its data."""
