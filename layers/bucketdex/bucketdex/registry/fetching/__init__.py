"""A package into a folder, every byte compared with its hash."""
