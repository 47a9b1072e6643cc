"""What makes the demo and the embedded model: in the repository, not in the wheel.

Nothing outside it but tests imports it.

    demo/            writes the bundled demo
    builtin_model/   trains the embedded model, measures it, and writes its card
"""
