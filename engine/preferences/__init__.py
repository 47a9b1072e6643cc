"""What a person prefers, whatever the dataset: the config file, and what the screen may leave out.

What is wrong in it is named with its line and left out, and the rest is used.

    config       the settings, and how each of them is read
    folded       explanations that a person knows by now
    toml_lines   TOML read statement by statement, so that every value knows its line
"""
