"""What a person prefers: the config file."""
