"""The table of samples."""
