"""The query language: its grammar, and what a query says, apart from how it is answered."""
