"""The index in OpenSearch: mappings, generations, and the writer that writes only under the optimistic lock."""
