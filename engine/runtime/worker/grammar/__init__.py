"""Grammars that an answer has to follow: read, checked, walked character by character.

llama.cpp has its own, but what it makes of a hostile grammar is not survivable in a shared
worker: deep nesting overflows its stack, hidden left recursion eats all memory, its check for
left recursion takes exponential time, ambiguity grows its stacks without bound, and a token
that does not fit aborts the process. This one has limits everywhere and never calls native code.
"""
