"""What Deskside says of a machine, against what is so: memory, speed, described machines, measuring.

    python -m tests.bench.truth [--only memory,formula,speed,...] [--quick] [--json FILE] [--check]

Each measure is a module of this package with `measure(quick) -> list[Row]`. Whatever has a peer is
compared with it in the same run. Give a machine that does nothing else to `speed` and `measuring`.
"""
