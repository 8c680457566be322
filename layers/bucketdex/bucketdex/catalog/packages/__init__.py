"""What the pages of packages are made of."""
