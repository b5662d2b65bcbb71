"""What drafts gain, and what they cost where they are of no use.

    python -m tests.bench.speculation [--models smollm2,1b,experts] [--rounds 6] [--json FILE]

Every round asks the same worker twice, with drafts and without, in turns; a figure is the paired ratio
of the two speeds. "rewrite": a file of the prompt is written again with one number changed. What is
written is told to the worker word by word, as no model here writes it by itself; all else is as ever,
sampling included. "allowed" is what batches with drafts of the best length give over such an answer
if every draft holds. "plain": texts that repeat nothing on purpose, written freely.
"""
