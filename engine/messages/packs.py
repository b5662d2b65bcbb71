"""About runtimes for graphics cards."""

from __future__ import annotations

from typing import Final

SENTENCES: Final = {
    "pack_refused": "The runtime's part {name} cannot be loaded ({reason}). Install what is missing, the driver of the graphics card say, or choose another runtime.",
    "pack_key_unusable": "The file of trusted keys {path} cannot be used ({reason}). It holds one public key a line, in base64.",
    "pack_unsigned": "The list of runtimes is not signed by a key that is trusted here, so nothing of it was used. Get it from where Deskside is published, or add the key of whoever made it to runtime-keys.txt in the settings folder.",
    "pack_manifest_damaged": "The list of runtimes is signed, but makes no sense to this version ({reason}). Update Deskside, or get another list.",
    "pack_damaged": "The runtime pack {name} cannot be unpacked: {reason}. Nothing was changed; fetch it again.",
    "pack_unknown": "There is no runtime {name} here. There are: {known}.",
    "pack_not_offered": "There is no runtime {name} for this machine and this version ({abi}) at {place}. It has: {known}.",
    "pack_none_fits": "None of the runtimes at {place} is for this version ({abi}) and for the graphics cards of this machine ({cards}), so nothing was fetched. Check the machine again if it has another card by now, or get a list for this version.",
    "pack_driver_old": "The runtime {name} needs version {needed} of the graphics card's driver, and {have} is installed, so it was not fetched. Update the driver and try again.",
    "pack_no_source": "It is not known where runtimes are to be fetched from. Name an address or a folder with --from.",
    "pack_source_silent": "The list of runtimes at {place} cannot be read ({reason}). Check the address and the connection, or give the folder that holds manifest.json.",
    "pack_without_device": "The runtime {name} starts, but finds no device that it can compute on, so it was not taken. Install the driver of the graphics card and try again.",
    "pack_failed_trial": "The runtime {name} failed its trial ({reason}), so it was not taken, and everything is as it was.",
    "pack_crashed": "The engine crashed with the runtime {name} as it loaded or computed {model}, so the next best runtime takes its place. Update the driver of the graphics card and choose {name} again, or choose another runtime.",
    "pack_ended_engine": "The engine ended twice while it was starting with {name}. Update the driver of the graphics card and choose it again, or choose another runtime.",
    "pack_aside": "It was put aside before ({reason}). Choose it again to give it another chance, or choose another runtime.",
    "pack_slower": "With the runtime {name} {model} wrote {now} tokens a second, and {before} with {other}, so {other} is used from the next load on. Choose {name} again to give it another chance.",
    "pack_slower_than_own": "With the runtime {name} {model} wrote {now} tokens a second, and {before} without it, so it is not used from the next load on. Choose it again to give it another chance.",
    "pack_in_the_way": "The runtime {name} cannot be changed or removed now ({reason}). Unload all models, then try again.",
}
