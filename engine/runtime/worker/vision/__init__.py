"""Images: a projector file makes rows of numbers of them, which a text model reads like its own tokens.

    marks -> layout (pictures.py) -> numbers that stand for them among the tokens of a prompt
          -> encoded beside the thread of the context (looking.py) -> computed in a batch of their own

Imported by workers whose model has a projector only: others load none of its library.
"""
