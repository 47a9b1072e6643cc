"""What is between the application and the terminal: input, signs, the editor, the log.

Text from a dataset passes `display` before it is drawn.

    display        from hostile text to cells, and the signs of the table
    ascii_signs    signs for terminals that have no others
    input_driver   what terminals send: bytes that are no UTF-8, the mouse, the end
    key_order      one key after the other, however long the one before takes
    editor         a text in the person's own editor
    screen_log     what libraries would have printed on the screen
"""
