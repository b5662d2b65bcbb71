"""About the engine and the models that it holds."""

from __future__ import annotations

from typing import Final

SENTENCES: Final = {
    "host_not_forgotten": "What was kept of that conversation on disk could not be deleted ({reason}). Check that the folder of Deskside's state can be written.",
    "host_not_started": "The engine could not be started ({reason}). Check that your folders can be written and try again; the log is {log}.",
    "host_silent": "The engine did not answer within {seconds} seconds. The machine may be overloaded; close other programs and try again. The log is {log}.",
    "host_babbled": "The engine said something that makes no sense ({detail}), so the connection was ended. Try again; the log is {log}.",
    "host_lost": "The engine ended while it was at work, and its models with it. Ask again to start it anew; the conversation is kept. The log is {log}.",
    "host_other_version": "An engine of Deskside {theirs} is in use by another program, and this is Deskside {ours}. Close the other windows and commands of Deskside (process {pid} is the engine), then try again.",
    "host_request_too_large": "The request is larger than {limit}, which is more than the engine takes. Shorten it.",
    "host_too_many_models": "{count} models are waiting to be loaded already. Try again when some of them are.",
    "host_too_many_jobs": "This program has {count} requests open in the engine already. Try again when some of them have ended.",
    "host_ends": "The engine is ending, so it takes no more work. Try again in a moment; it starts anew.",
    "host_waits_for": "{model} waits until {busy} has ended its answers, because both do not fit in memory together.",
    "host_made_room": "{idle} was unloaded to make room for {model}.",
    "host_restarts": "{model} is being loaded again after it ended unexpectedly.",
    "host_restarts_lower": "{model} is being loaded again with smaller settings, because memory ran out or it crashed before.",
    "host_restarts_plain": "{model} is being loaded again without its copy for speed, because the engine failed with it on this processor.",
    "dry_run_failed": "How much memory this model takes could not be found out exactly ({reason}). The plan by formula stands; it is an estimate.",
    "history_unusable": "The history of answers cannot be used ({reason}). Answers are not affected; delete history.sqlite3 in the state folder to begin a new one.",
    "host_without": "{model} is being loaded without {device}, which could not be used when the load began: it is gone, busy with another model, or of another version.",
    "host_gave_up": "{model} crashed {count} times within {minutes} minutes, so it stays unloaded. The last reason stands beside this; load it again to try once more, or choose a smaller model.",
}
