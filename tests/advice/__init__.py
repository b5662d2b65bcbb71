"""docs/advice.md: the advice for known machines, made by the program and set against published runs."""
