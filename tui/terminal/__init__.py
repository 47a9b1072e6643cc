"""What is between the application and the terminal: input, signs, the editor, the log."""
