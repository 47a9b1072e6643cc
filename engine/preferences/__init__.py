"""What a person prefers, whatever the dataset: the config file.

What is wrong in it is named with its line and left out, and the rest is used.

    config       the settings, and how each of them is read
    toml_lines   TOML read statement by statement, so that every value knows its line
"""
