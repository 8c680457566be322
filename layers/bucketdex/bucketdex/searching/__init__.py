"""Search: what people type becomes a query, restricted to what they may see, and its answer becomes hits."""
