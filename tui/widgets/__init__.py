"""Widgets of the desk: histogram and threshold, status and key line, prompt."""
