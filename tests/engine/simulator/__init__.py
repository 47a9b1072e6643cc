"""The simulator: golden values, properties, closed forms, and the dataset behind it."""
