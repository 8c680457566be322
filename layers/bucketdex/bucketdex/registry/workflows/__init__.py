"""A registry's workflows: what has to be said of a package before it is pushed there."""
