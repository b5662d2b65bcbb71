"""Runtime packs: parts of llama.cpp for graphics cards and other processors, fetched after the installation.

A manifest, signed with Ed25519, names packs and their checksums; a pack is one archive of modules for one
build of llama.cpp; the shelf holds those that are unpacked, and which of them the next worker takes.
"""
