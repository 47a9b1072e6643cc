"""Keys, and what they do.

    actions  the registry: every action once, with its keys, help and search words
    keymap   which keys a preset or a person's config file gives to which action
    help     the help and the command palette, made from the registry

An action is a method `action_<id>` of its screen.
"""
