"""Dialogs over the desk: questions, lists, the export."""
