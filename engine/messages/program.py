"""About the program itself: its files, its switches, its privacy, and new versions of it."""

from __future__ import annotations

from typing import Final

SENTENCES: Final = {
    # general
    "program_replaced": "Deskside was updated or removed while it was running, so a part of it could not be loaded any more. Close it and start it again; nothing that was saved is lost.",
    "unexpected": "Something went wrong that Deskside did not foresee ({detail}). The log in {log} has more; please report it.",
    "data_folder_unwritable": "The data folder {path} cannot be written ({reason}). Make it writable, or set XDG_DATA_HOME to another folder.",
    "report_unwritable": "The report {path} cannot be written ({reason}). Name another place for it.",
    "folder_unwritable": "Deskside cannot write to its folder {path} ({reason}). Make it writable, or set {variable} to a folder that can be written, then start again.",
    "folder_unwritable_here": "Deskside cannot write to its folder {path} ({reason}). Make it writable, then start again.",
    "disk_full": "The disk that holds {path} is full. Free some space, then try again; nothing that was saved is lost.",
    "disk_full_reserve": "The disk that holds {path} is full. What was written so far is saved, in room that was kept for this. Free some space before you go on.",
    "settings_unreadable": "The settings in {path} could not be read ({reason}). They were put aside as {aside}, and Deskside starts with the defaults.",
    "crashed_before": "Deskside ended unexpectedly last time. What is known of it is in {path} and stays on this machine; `deskside doctor --bundle` makes a report without private data of it, if you want to tell somebody.",
    "window_library_missing": "The window cannot be shown, because a library of the system is missing ({reason}). Install it with the system's package manager; until then `deskside terminal` does the same job.",
    "no_display": "There is no display, so no window can be shown. Deskside goes on in this terminal.",
    "usage": "The command was not understood: {problem}. `{program} --help` lists what there is.",
    "prompt_empty": "There is no question to answer, because the prompt is empty. Give one with -p TEXT, or on standard input.",
    "quantization_unknown": "No quantization is called {quantization}. Nearest: {nearest}. For {model} the catalogue lists: {known}.",
    "answer_without_figures": "The answer ended without its figures, because the worker stopped early. Ask again; the worker's log says more.",
    # jobs
    "serve_ended": "The API for other programs has ended by itself (exit code {number}). Switch it on again; details are in {log}.",
    "serve_ended_signal": "The API for other programs was ended by the system or another program (signal {signal}). If memory was short, close something; then switch it on again. Details are in {log}.",
    "serve_ended_saying": "The API for other programs has ended by itself ({reason}). Switch it on again; details are in {log}.",
    "serve_not_started": "The API for other programs could not be switched on ({reason}). Choose another port if that one is taken; details are in {log}.",
    "lending_not_started": "This computer could not be lent ({reason}). Choose another port if that one is taken; details are in {log}.",
    "lending_ended": "This computer is not lent any more: that has ended by itself ({reason}). Switch it on again; details are in {log}.",
    "nothing_to_leave_out": "One question alone is longer than the context, so there is nothing older to leave out. Shorten it, or load the model with a longer context.",
    "room_way_unknown": "A full context can be given room in these ways: {known}; not by {way}. Choose one of them.",
    "summary_empty": "{model} wrote no summary, so nothing was changed. Leave out the oldest messages instead, or try again.",
    # privacy: docs/privacy.md says the same
    "privacy_nothing": "By itself Deskside connects to nothing: no telemetry, no accounts, no crash reports, and no search for new versions unless that was switched on. Each of the following happens only after somebody asked for it.",
    "privacy_hub": "Downloading a model: the hub of the settings (huggingface.co) is asked for its files, and the servers that it names for them. They learn your address and the name of the model; the hub also your HF_TOKEN if that is set.",
    "privacy_mirrors": "Mirrors (hf-mirror.com and modelscope.cn, or others) are asked for the same files, without the token, only where you have allowed that in the settings or beside a failed download. They learn your address and the name of the model.",
    "privacy_addresses": "A model or its description from an address that you give: the server there learns your address.",
    "privacy_search": "Searching the hub, looking at a model of it, testing the connection: the hub, and for the test its mirrors, learn your address and the words of the search.",
    "privacy_runtimes": "Fetching a runtime for a graphics card: the place that you give, or that is set, learns your address and what is fetched.",
    "privacy_updates": "New versions of Deskside, when that is switched on in the settings or asked for with `deskside update`: the place that is set is asked for its list of versions, by itself at most once a day, and for an installer only when you ask for it. Its server learns your address. This version names no such place, so nothing is asked unless you set one.",
    "privacy_remotes": "Models elsewhere: the endpoints that you added get whole conversations, and their keys. Nothing is sent to them unless one of their models is chosen.",
    "privacy_api": "The API for other programs, when it is switched on: listens on this machine only, or on the network if that is switched on, too, and then wants a key.",
    "privacy_nodes": "Devices of other computers that you added (in the settings, or with `deskside nodes add`): the engine sends them the model and conversations, encrypted with the pairing key. Those that somebody writes into a report of the check by hand get them without encryption.",
    "privacy_lending": "Lending this computer, while it is switched on or `deskside worker` runs: listens on the network and lends its devices to whoever has its key.",
    "privacy_links": "Links in answers and pages of drivers: opened in your browser when they are clicked.",
    "privacy_local": "Window, command line, engine and its workers talk over private sockets of this machine, which other users cannot open.",
    "privacy_kept": "Conversations, settings, figures of answers, logs and crash reports are kept in Deskside's folders for data, settings and state (`deskside doctor` says where), and are never sent. Keys of endpoints and the password of a proxy are kept in the system's keyring.",
    # new versions
    "release_no_place": "It is not known where new versions of Deskside are published, so nothing was asked: this version names no place and no key to believe it by. Set both (releases_from in the settings file, release-keys.txt beside it), or look where you got Deskside from.",
    "release_silent": "New versions could not be looked for, because {place} does not answer as it should ({reason}). This version goes on; check the address and the connection.",
    "release_unsigned": "The list of new versions is not signed by a key that is trusted here, or did not arrive whole, so nothing of it was used. This version goes on; look at the page where Deskside is published before you install anything.",
    "release_damaged": "The list of new versions is signed, but makes no sense to this version ({reason}). This version goes on; look for a new one where you got Deskside from.",
    "release_list_older": "The list of new versions is older than the one that was there before, so nothing of it was used. This version goes on; if that stays, look at the page where Deskside is published.",
    "update_none": "No version newer than {version} is known, so there is nothing to fetch. Ask with deskside update --check.",
    "update_no_installer": "Deskside {version} has no installer that replaces this one: this is a checkout, an unpacked folder, or a system without an installer. Get it where you got this one from.",
    "update_changed": "The installer {path} is not what was verified any more, so it was deleted. Fetch it again.",
    "update_ready_deb": "The installer is verified and lies in {path}. Close Deskside, then install it: open it with the software centre, or run sudo apt install with that path.",
    "update_ready_appimage": "The new AppImage is verified and lies in {path}. Close Deskside, put the file in the place of the old one, and start it.",
    "update_ready_exe": "The installer is verified and lies in {path}. Close Deskside, then start it with a double click; settings and conversations stay.",
    "update_ready_dmg": "The disk image is verified and lies in {path}. Close Deskside, open the image and drag Deskside into Applications.",
}
