"""Long texts that `?` shows."""
