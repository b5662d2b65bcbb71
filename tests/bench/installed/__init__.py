"""The packages beside what they are held against: sizes, click to window, speed of generation.

    python -m tests.bench.installed FOLDER [--measures sizes,window,generation] [--models smollm2,1b]

FOLDER is what `installer/build.sh` filled. The .deb is unpacked, and the program in it is started in turns
with this environment's; its engine writes in turns with llama-cpp-python compiled for this very processor
(-march=native), which is built once (some minutes) and kept in ~/.cache/deskside/bench.
"""
