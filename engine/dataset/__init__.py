"""From a file to rows to samples: reading, columns, identities, edited rows, text search."""
