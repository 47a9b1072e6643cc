"""Actions, their keys, and the help that names them."""
