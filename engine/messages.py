"""The sentences people read, once: a code, an English template, and the values in it.

The engine makes `Sentence` values and never translates. The command line prints
`english(sentence)`; the window translates the template (context "messages") and fills
it in the same way. Every sentence about a failure says what, why and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `code` is a key of `TEMPLATES`, `values` fill its placeholders."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


def sentence(code: str, **values: Value) -> Sentence:
    """Raises: KeyError, for a code that has no template or a placeholder left without value."""
    made = Sentence(code, MappingProxyType(values))
    english(made)
    return made


def english(message: Sentence) -> str:
    """The sentence in English."""
    return fill(TEMPLATES[message.code], message.values)


def fill(template: str, values: Mapping[str, Value]) -> str:
    """Puts values into a (possibly translated) template. Values are never read as templates."""
    return template.format_map(dict(values))


# One block per room, in the order of the rooms. Byte sizes arrive as text ("4.6 GiB").
TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        # general
        "unexpected": "Something went wrong that Deskside did not foresee ({detail}). The log in {log} has more; please report it.",
        "data_folder_unwritable": "The data folder {path} cannot be written ({reason}). Make it writable, or set XDG_DATA_HOME to another folder.",
        "disk_full": "The disk that holds {path} is full. Free some space, then try again; nothing that was saved is lost.",
        "settings_unreadable": "The settings in {path} could not be read ({reason}). They were put aside as {aside}, and Deskside starts with the defaults.",
        "no_display": "There is no display, so no window can be shown. Deskside goes on in this terminal.",
        "usage": "The command was not understood: {problem}. `{program} --help` lists what there is.",
        "prompt_empty": "There is no question to answer, because the prompt is empty. Give one with -p TEXT, or on standard input.",
        "quantization_unknown": "{model} has no quantization called {quantization} in the catalogue. Choose one of: {known}.",
        "answer_without_figures": "The answer ended without its figures, because the worker stopped early. Ask again; the worker's log says more.",
        # hardware
        "gpu_without_driver": "{name} was found, but it has no working driver, so models cannot run on it. Install the driver of its maker ({page}), restart, then check again.",
        "gpu_engine_cpu_only": "{name} was found, but this build of the engine computes on the CPU only, so models run on the processor. A build of the engine for {vendor} cards is needed to use it.",
        "gpu_not_listed": "{name} was found, but the engine does not list it among the cards it can compute on. Update the {vendor} driver, then check again.",
        "gpu_engine_silent": "{name} was found, but the engine could not be asked whether it can use it. Check again; until then models are planned for the processor.",
        "gpu_memory_disagrees": "The memory of {name} is {told} according to {probe} and {engine} according to the engine. Plans use the smaller figure of what is free.",
        "nvidia_driver_failed": "The NVIDIA driver does not answer ({reason}). If it was updated since the machine started, restart the machine, then check again.",
        "memory_limited": "This program may use {limit} of the machine's {total} of memory, because a container or service limit says so. Raise that limit to run larger models.",
        "memory_wsl": "This is Linux inside Windows (WSL), which was given {total} of memory. To give it more, set memory= in the file .wslconfig of your Windows user folder, then run wsl --shutdown.",
        "memory_too_full": "Memory bandwidth was not measured, because only {free} of memory is free. Close some programs, then check again.",
        "cores_limited": "This program may use {usable} of the machine's {logical} processors, because a container or service limit says so. Raise that limit to generate faster.",
        "cores_disagree": "The kernel's topology lists {topology} physical cores, the processor's own description {described}. Plans use the first figure.",
        "machine_busy": "Other programs were busy during the check, so the measured speeds may be too low. Close them and check again for better figures.",
        "disk_in_memory": "The speed of {path} was not measured, because it is kept in memory ({filesystem}), not on a disk. Choose a folder on a disk for models.",
        "disk_folder_missing": "The disk speed of {path} was not measured, because the folder does not exist yet. Make it, then check again.",
        "disk_too_full": "The disk speed of {path} was not measured, because only {free} are free there and a test file would need too much of it. Free some space, then check again.",
        "disk_cached": "The disk speed of {path} was not measured, because the data came from a cache in memory and not from the disk, which would show a wrong speed. Choose a folder on another disk to measure that one.",
        "disk_no_direct_read": "The disk speed of {path} was not measured, because its file system ({filesystem}) cannot read past the cache. Choose a folder on another disk to measure that one.",
        "disk_not_writable": "The disk speed of {path} was not measured, because no test file could be written there ({reason}). Make the folder writable, then check again.",
        "disk_read_failed": "The disk speed of {path} was not measured, because reading failed ({reason}). If this happens again, look at the health of the disk.",
        "disk_not_measured_here": "The disk speed was not measured, because this version measures it on Linux only (this is {system}). Load times are estimates until then.",
        "disk_out_of_time": "The disk speed of {path} was not measured, because the check would have taken too long. Check again with fewer folders.",
        "check_step_failed": "One part of the check failed ({step}: {reason}). Everything else was checked; check again, and report it if it stays.",
        "check_step_slow": "One part of the check took too long ({step}: over {seconds} s) and was left out. Check again; a network drive that does not answer can be the cause.",
        "report_invalid": "The hardware report cannot be used: {field} {reason}. Make a new one with deskside check, or correct that field.",
        "report_unreadable": "The hardware report {path} cannot be read ({reason}). Make a new one with deskside check.",
        # catalog
        "catalog_unreadable": "The list of models in {path} could not be read ({reason}). Install Deskside again to restore it.",
        "model_unknown": "There is no model called {name} in the catalogue. `deskside plan` without a name lists those that suit this machine.",
        "header_not_gguf": "This is not a GGUF model file: it does not begin with the letters GGUF. Choose a file that ends in .gguf, or download the model again.",
        "header_big_endian": "This model file was written for big-endian machines, which this engine cannot read. Download the usual (little-endian) file of the model.",
        "header_version": "This model file has GGUF version {version}, and only versions 2 and 3 can be read. Download a newer file of the model, or update Deskside.",
        "header_tensor_type": "This model file uses a weight format that is not known here (type {type}). Update Deskside, or choose another quantization of the model.",
        "header_ends_in_header": "This model file ends in the middle of its header, so its download was probably cut short. Download it again.",
        "header_truncated": "This model file is incomplete: it has {size} bytes and needs at least {needed}. Its download was probably cut short; download it again.",
        "header_damaged": "This model file is damaged: {detail}. Download it again, from a source that you trust.",
        "header_unreadable": "The model file {path} cannot be read ({reason}). Check that it exists and that you may read it.",
        "header_shard_missing": "A part of this model is missing: it has {count} files, and {name} is not in {folder}. Download the missing part into that folder.",
        "header_not_a_model": "This file is an addition to a model ({kind}), not a language model that can be talked to. Choose the model's own file.",
        "header_key_missing": "This model file does not say what is needed to plan with it ({key} is missing), so it may be damaged or of an unknown kind. Download it again, or choose another model.",
        "header_key_absurd": "This model file says something impossible about itself ({key}), so it may be damaged. Download it again, from a source that you trust.",
        # planning
        "plan_fits_ram": "It fits in main memory: it needs {needed}, and {budget} can be used.",
        "plan_fits_gpu": "All of it fits on {device} ({needed}).",
        "plan_experts_in_ram": "Its experts ({experts}) stay in main memory; everything else runs on {device}.",
        "plan_split": "{layers} of its {total} layers fit on {device}; the other {rest} stay in main memory and set the pace.",
        "plan_streamed": "It needs {needed} and this machine can give it {budget}, so {missing} would be read from the disk again and again. With {missing} more memory it would stay in memory.",
        "plan_no_memory": "It needs {needed} and this machine can give it {budget}: {missing} more memory is needed before it starts at all. Choose a smaller model or add memory.",
        "plan_limit_disk": "The disk sets the pace at about {speed} tokens a second: it reads {rate}.",
        "plan_limit_disk_unknown": "The disk sets the pace at about {speed} tokens a second. Its speed was not measured ({rate} is assumed); a full check tells more.",
        "plan_limit_ram": "Main memory sets the pace at about {speed} tokens a second: every token reads the weights once, at {rate}. Faster memory or a graphics card would change that.",
        "plan_limit_ram_unknown": "Main memory sets the pace at about {speed} tokens a second. Its speed was not measured ({rate} is assumed); a full check tells more.",
        "plan_limit_gpu": "The graphics card sets the pace at about {speed} tokens a second.",
        "plan_limit_cpu": "The processor sets the pace at about {speed} tokens a second with {threads} threads; more or faster cores would change that.",
        "plan_slow": "About {speed} tokens a second is slower than people read; {wanted} is comfortable.",
        "plan_slow_thinking": "It thinks before it answers, so about {speed} tokens a second means waiting for minutes; {wanted} is comfortable.",
        "plan_few_bits": "At {bits} bits per weight it loses so much that a smaller model usually answers better.",
        "plan_beyond_training": "A context of {context} tokens is more than the {trained} it was trained for; answers may lose the thread.",
        "plan_quantised_cache": "Its memory of the conversation is stored as {kv_type}, so that {context} tokens fit; the loss is small.",
        "plan_disk_short": "The file takes {size} and the disk has {free} free. Free some space first, or choose another disk.",
        "advice_nothing_runs": "Only {budget} of memory can be used now, which is too little for any model of the catalogue. Close other programs, then check again.",
        "advice_memory_in_use": "Other programs hold {held} of memory now and {free} is free. Closing some of them makes room for larger models; then check again.",
        "advice_busy": "The machine was busy during the check, so measured figures may be too low. Check again when it is quiet.",
        "advice_flagship_well": "{name} runs well here as {quantization} ({size}), at about {speed} tokens a second.",
        "advice_flagship_slow": "{name} fits here as {quantization} ({size}), but slowly: about {speed} tokens a second.",
        "advice_flagship_streamed": "{name} does not fit in memory here. As {quantization} ({size}) it could only be read from the disk while it answers, at about {speed} tokens a second: to try, not to use.",
        "advice_flagship_no": "{name} does not run here: even {quantization} takes {size}. What runs well is listed instead.",
        "guide_size": "A widely copied guide gives DeepSeek-R1-0528 12.8 billion parameters and a context of 2,048. It has 671 billion (36.7 billion used per token) and a context of 163,840.",
        "guide_64_gb": "The guide says that a 7950X with 64 GB runs it. Its smallest file is {smallest}; what runs well on such a machine is DeepSeek-R1-0528-Qwen3-8B or a small mixture of experts.",
        "guide_one_gpu": "The guide says that an RTX 4090 with 128 GB runs it. Its smallest file is {smallest}, which leaves no room for the system; models of 14 to 32 billion parameters fit on such a card and are fast.",
        "guide_eight_a100": "The guide puts the FP8 weights on eight A100 with 80 GB. They take 666 GiB of 640, and an A100 cannot compute in FP8; Q4_K_M (377 GiB) fits.",
        "guide_disk": "The guide asks for a disk of 5 GB/s. A fast disk shortens loading and helps models that do not fit in memory; it does not make a loaded model answer faster.",
        "fit_no_repack": "{model} runs without a second copy of its weights made for this processor, because {free} of memory are free and {needed} were planned. Prompts are read more slowly; close other programs and load it again for full speed.",
        "fit_cache": "{model} keeps conversations in a {bits}-bit KV cache in place of {wanted} bits, because {free} of memory are free and {needed} were planned. Close other programs and load it again for the finer one.",
        "fit_context": "{model} has a context of {context} tokens in place of {wanted}, because {free} of memory are free and {needed} were planned. Close other programs and load it again for longer conversations.",
        "fit_fewer_layers": "{layers} of the {total} layers of {model} are on the graphics card and the others in main memory, because {free} of memory are free and {needed} were planned. Answers are slower; close programs that use the card and load it again.",
        "fit_experts_in_ram": "The experts of {model} ({experts}) stay in main memory, because {free} of memory are free and {needed} were planned. Answers are slower; close programs that use the graphics card and load it again.",
        "fit_batch": "{model} reads prompts {batch} tokens at once in place of {wanted}, because {free} of memory are free and {needed} were planned.",
        "fit_streams": "{streamed} of {model} do not fit in memory and are read from the disk again and again, because {free} are free and {needed} were planned. Answers are slow: close other programs, or choose a smaller model.",
        "fit_none": "{model} does not fit, not even with its smallest settings: {needed} were planned and {free} of memory are free. Close other programs, or choose a smaller model.",
        "fit_smaller_here": "{smaller} ({size}) is on this machine and would fit in the memory that is free now: choose it in place of {model}.",
        "fit_smaller_there": "A smaller file of {model}, {quantization} ({size}), would fit in the memory that is free now: download it with `deskside pull {name} {quantization}` or on the page of models.",
        # download
        "reference_invalid": "{text} does not name a model on the hub. Write OWNER/NAME, or OWNER/NAME:QUANTIZATION, for example unsloth/Qwen3-4B-GGUF:Q4_K_M.",
        "endpoint_refused": "The address {endpoint} cannot be used to download models: {reason}. Give an address that begins with https:// (http:// is allowed only for this machine itself).",
        "hub_offline": "Downloads are switched off by the variable HF_HUB_OFFLINE. Unset it and try again.",
        "hub_unreachable": "{endpoint} does not answer ({reason}). Check the network connection and the proxy, or choose another endpoint (a mirror); nothing that was downloaded is lost.",
        "hub_busy": "{endpoint} cannot answer at the moment (HTTP {status}). Try again in a few minutes, or choose another endpoint (a mirror).",
        "hub_refused": "{endpoint} refused to describe the model (HTTP {status}). Check the endpoint and the name of the model.",
        "hub_nonsense": "{endpoint} answered with something that is no description of a model, so it may not be a hub, or a login page stands in between. Check the endpoint and the network connection.",
        "repository_missing": "There is no model {repository} on {endpoint}, or it is private. Check its name for typing errors; for a private one put a token of your account into the variable HF_TOKEN.",
        "repository_gated": "The publisher of {repository} gives it only to people who accepted its terms. Accept them on its page, then put a token of your account into the variable HF_TOKEN and try again.",
        "no_gguf": "{repository} has no GGUF files, which are what Deskside runs. Look for a repository of the same model whose name ends in GGUF.",
        "quantization_not_there": "{repository} has no quantization {wanted}. It has: {choices}.",
        "quantization_open": "{repository} has several quantizations{wanted} and none of them is Q4_K_M, the usual choice. Add one of these after a colon: {choices}.",
        "quantization_ambiguous": "{repository} has more than one model of that quantization. Add the name of one of these files after a colon: {choices}.",
        "file_name_refused": "The file name {name} from the hub is not safe to write to a disk: {reason}. Nothing was downloaded; choose another repository.",
        "file_names_collide": "The files {first} and {second} of this model would overwrite one another on some disks. Nothing was downloaded; choose another repository.",
        "shards_missing_on_hub": "{repository} does not hold all parts of {name}, so the model would not load. Choose another quantization or repository.",
        "checksum_missing": "The source gives no size and SHA-256 checksum for {name}, so it could not be verified. Nothing was downloaded; choose another repository or endpoint.",
        "destination_taken": "{path} is there already and is not the file that the hub has under this name. Move it elsewhere, then try again; it was not touched.",
        "disk_too_small": "There is not enough room for this model in {folder}: {needed} are needed and {free} are free. Free some space, choose a smaller quantization or another folder; nothing was downloaded.",
        "disk_filled_up": "The disk became full while {path} was being written. What arrived is kept: free some space, then start the download again and it goes on.",
        "download_locked": "{name} is already being downloaded by another window or terminal. Wait for it to finish, or stop it there.",
        "download_changed": "The hub does not hold {name} as it was when this download began. Start the download again to get its present version.",
        "download_gated": "The publisher of {repository} gives it only to people who accepted its terms. Accept them on its page, then put a token of your account into the variable HF_TOKEN and try again; what arrived is kept.",
        "download_refused": "{endpoint} refuses to give out {name}. Check that your account may read {repository}, then try again; what arrived is kept.",
        "download_missing": "{endpoint} does not have {name} any more. Check the page of {repository} for a newer version; what arrived is kept.",
        "download_nonsense": "The answers to requests for {name} make no sense, so a login page or a faulty proxy may stand in between. Check the network connection, then try again; what arrived is kept.",
        "download_mismatch": "{name} arrived twice with a wrong checksum, so its source or the connection is faulty. It was not installed; it lies in {kept} and is deleted by the next try. Try again later or with another endpoint.",
        "download_certificate": "A server that holds {name} showed a certificate that this machine does not trust. Check the date of this machine and the certificates of your network, then try again; what arrived is kept.",
        "download_file_too_large": "The disk of the models folder cannot hold a file as large as {name} (FAT32 disks end at 4 GiB). Choose a folder on another disk, or a smaller quantization.",
        "model_file_missing": "There is no model file {path}. Check the path, or download the model again.",
        "model_file_unreadable": "The model file {path} cannot be read ({reason}). Check that you may read it.",
        "model_file_foreign": "{path} is not a GGUF model file: it does not begin with the letters GGUF. Choose a file that ends in .gguf, or download the model again.",
        "installed_unknown": "There is no model {text} on this machine. There are: {choices}. Name one of these, give the path of a GGUF file, or download it with `deskside pull`.",
        "starter_missing": "This installation came without its starter model. Download a model with `deskside pull`, or install Deskside again.",
        # runtime
        "worker_not_started": "The engine could not be started ({reason}). Deskside's installation is incomplete; install it again.",
        "worker_silent": "The engine did not answer within {seconds} seconds of its start. The machine may be overloaded; close other programs and try again. The log is {log}.",
        "worker_unresponsive": "The engine did not react to the cancelling, so it was ended. Load the model again to go on; the conversation is kept.",
        "worker_babbled": "The engine sent something that makes no sense ({detail}), so it was ended. Load the model again; the conversation is kept. The log is {log}.",
        "worker_killed": "The engine was killed from outside (SIGKILL) while it ran {model}. If you did not do it, the system did, most likely for want of memory: close other programs, or choose a smaller model or context, and load it again. The conversation is kept.",
        "worker_out_of_memory": "The system ended the engine because memory ran out while it ran {model}. Close other programs, or choose a smaller model or a shorter context, and load it again. The conversation is kept.",
        "worker_aborted_loading": "llama.cpp gave up on {model} while loading it ({detail}). The file is damaged or of a kind that this version cannot run: download it again, or choose another model. The log is {log}.",
        "worker_aborted": "llama.cpp stopped itself while running {model} ({detail}). Load the model again to go on; the conversation is kept. The log is {log}.",
        "worker_file_vanished": "The file of {model} could not be read any more (SIGBUS): it was changed, cut short or its disk failed while in use. Check the disk, download the model again, then load it.",
        "worker_bad_instruction": "This processor does not know an instruction that the engine uses (SIGILL), so {model} cannot run with this build. Install the portable build of Deskside. The log is {log}.",
        "worker_segfault": "The engine crashed while running {model} (SIGSEGV, a fault in native code). Load the model again; if it happens again, choose another model and report it with the log {log}.",
        "worker_terminated": "The engine was asked to end from outside (SIGTERM) while it ran {model}. Load the model again to go on; the conversation is kept.",
        "worker_ended": "The engine ended unexpectedly while running {model} ({detail}). Load the model again to go on; the conversation is kept. The log is {log}.",
        "worker_log_unwritable": "The engine's log {log} cannot be written ({reason}), so a failure of the engine will be harder to explain. Make the folder writable.",
        "no_model_loaded": "No model is loaded, so nothing can answer. Load a model first.",
        "runtime_closed": "Deskside is closing, so the engine takes no more work. Start it again.",
        "engine_missing": "llama.cpp could not be loaded ({reason}). Deskside's installation is incomplete; install it again.",
        "cpu_unsupported": "The engine in {folder} has no part that runs on this processor ({processor}). Install a build of Deskside for this processor.",
        "probe_failed": "The engine's devices could not be listed ({reason}). Deskside goes on with the processor alone; check the graphics driver.",
        "model_missing": "There is no file {path}. It was moved or deleted: choose another model, or download it again.",
        "model_unreadable": "The model file {path} cannot be read ({reason}). Check its permissions and the disk it is on.",
        "not_gguf": "{path} is not a GGUF model (it begins with {magic}). Choose a file in the GGUF format.",
        "gguf_big_endian": "{path} is a GGUF file for big-endian machines and cannot be used here. Choose the ordinary (little-endian) file of the same model.",
        "gguf_version": "{path} is a GGUF file of version {version}, and this version of Deskside reads 2 and 3. Download the model again from a current source.",
        "gguf_damaged": "The model file {path} is damaged ({reason}). Download it again.",
        "model_incomplete": "The model file of {model} is incomplete or damaged ({reason}). Download it again.",
        "model_kind_unknown": "{model} is of a kind that this version of llama.cpp does not know ({reason}). Update Deskside, or choose another model.",
        "model_memory": "There is not enough memory for {model} ({reason}). Close other programs, or choose a shorter context, a smaller KV type or a smaller model.",
        "model_refused": "llama.cpp could not load {model} ({reason}). Download the file again, or choose another model.",
        "model_cannot_chat": "{model} does not generate text ({reason}), so it cannot hold a conversation. Choose a chat model.",
        "bad_load_setting": "The model cannot be loaded with {name} = {value}. Choose a value between {low} and {high}.",
        "bad_kv_type": "The model cannot be loaded with the KV type {value}. Choose one of {known}.",
        "context_beyond_training": "{model} was trained on {trained} tokens of context and is loaded with {context}; its answers may get worse beyond what it was trained on. Choose a context of {trained} tokens or less.",
        "prompt_too_long": "The conversation needs {needed} tokens and the context holds {available}. Shorten the message, start a new conversation, or load the model with a longer context.",
        "conversation_empty": "There is nothing to answer: the conversation has no text. Write a message.",
        "bad_sampling": "The answer cannot be sampled with {name} = {value}. Choose a value between {low} and {high}.",
        "queue_full": "The engine already has {waiting} answers waiting. Try again when some of them have ended.",
        "decode_failed": "llama.cpp failed while computing the answer (code {number}: {reason}). Load the model again, with a shorter context if memory is short.",
        "no_chat_template": "{model} brings no chat template, so a common one (ChatML) is used. It may be a base model that does not hold conversations well; choose an instruct or chat model if answers look odd.",
        "template_failed": "The chat template of {model} could not be used ({reason}), so a common one (ChatML) is used in its place. If answers look odd, download the model again or choose another.",
        # remote
        "remote_address_invalid": "{address} is not the address of an endpoint: {reason}. Write it as https://HOST/v1, or http://HOST:PORT/v1 on your own network.",
        "remote_key_invalid": "The key for {host} cannot be used: {reason}. Copy it again from where it was given to you.",
        "remote_key_in_clear": "The key for {host} travels without encryption, because its address begins with http://. Everyone on the way can read it: use https:// where the endpoint offers it.",
        "remote_key_not_kept": "This system has no keyring that can be used ({reason}), so the key for {host} is kept until Deskside ends and never written to disk. Unlock or install a keyring (GNOME Keyring, KWallet) to keep it.",
        "remote_name_unknown": "There is no machine called {host} ({reason}). Check the address and the network connection.",
        "remote_refused": "{host} does not take connections ({reason}). Check that the endpoint runs, and its port; a firewall may stand in between.",
        "remote_certificate": "{host} showed a certificate that this machine does not trust ({reason}). Check the address, the date of this machine and the certificates of your network.",
        "remote_timeout": "{host} sent nothing for {seconds} seconds. It may be overloaded or gone: try again, or choose another model.",
        "remote_connection_lost": "The connection to {host} broke off ({reason}). What had arrived is kept; try again.",
        "remote_truncated": "{host} ended the answer without saying that it was complete. What had arrived is kept; carry on, or try again.",
        "remote_unauthorized": "{host} does not accept the key, or wants one (HTTP {status}). Enter the right key in the settings.",
        "remote_forbidden": "{host} does not allow this with your key (HTTP {status}{told}). Ask whoever runs it, or choose another model.",
        "remote_not_found": "{host} knows nothing at this address, or no model {model} (HTTP 404{told}). Check the address (most end in /v1) and the model in the settings.",
        "remote_busy": "{host} has too much to do (HTTP {status}{told}). Try again in a while.",
        "remote_failed": "{host} failed to answer (HTTP {status}{told}). Try again; if it stays, tell whoever runs it.",
        "remote_rejected": "{host} does not accept the request (HTTP {status}{told}). Change what was asked, or choose another model.",
        "remote_context_full": "The conversation is longer than what {model} on {host} can hold{told}. Leave out the oldest messages, summarise them, or begin a new conversation.",
        "remote_left_out": "The conversation was too long for {host}, so its {count} oldest messages were left out of this answer.",
        "remote_error_in_stream": "{host} broke the answer off{told}. What had arrived is kept; try again.",
        "remote_nonsense": "{host} answered with something that is not the protocol of OpenAI ({detail}). Check the address: most end in /v1.",
        "remote_too_large": "{host} sent more than an answer can be ({detail}), so it was ended. What had arrived is kept.",
        "remote_redirected": "{host} sends on to {target}, where neither your key nor your words are sent unasked. If you trust it, enter that address in the settings.",
        "remote_filtered": "{host} ended the answer with its content filter. Words may be missing.",
        "remote_request_unreadable": "The request cannot be sent, because {name} is not a JSON object ({reason}). Correct it and ask again.",
        "remote_closed": "Deskside is closing, so no more is asked of {host}. Start it again.",
        "remote_model_not_offered": "{host} does not offer a model {model}. It offers: {choices}. Choose one of them in the settings.",
        # jobs
        "serve_not_started": "The API for other programs could not be switched on ({reason}). Choose another port if that one is taken; details are in {log}.",
        "nothing_to_leave_out": "One question alone is longer than the context, so there is nothing older to leave out. Shorten it, or load the model with a longer context.",
        "room_way_unknown": "A full context can be given room in these ways: {known}; not by {way}. Choose one of them.",
        "summary_empty": "{model} wrote no summary, so nothing was changed. Leave out the oldest messages instead, or try again.",
        # host
        "host_not_started": "The engine could not be started ({reason}). Check that your folders can be written and try again; the log is {log}.",
        "host_silent": "The engine did not answer within {seconds} seconds. The machine may be overloaded; close other programs and try again. The log is {log}.",
        "host_babbled": "The engine said something that makes no sense ({detail}), so the connection was ended. Try again; the log is {log}.",
        "host_lost": "The engine ended while it was at work, and its models with it. Ask again to start it anew; the conversation is kept. The log is {log}.",
        "host_other_version": "An engine of Deskside {theirs} is in use by another program, and this is Deskside {ours}. Close the other windows and commands of Deskside (process {pid} is the engine), then try again.",
        "host_request_too_large": "The request is larger than {limit}, which is more than the engine takes. Shorten it.",
        "host_too_many_jobs": "This program has {count} requests open in the engine already. Try again when some of them have ended.",
        "host_ends": "The engine is ending, so it takes no more work. Try again in a moment; it starts anew.",
        "host_waits_for": "{model} waits until {busy} has ended its answers, because both do not fit in memory together.",
        "host_made_room": "{idle} was unloaded to make room for {model}.",
        "host_restarts": "{model} is being loaded again after it ended unexpectedly.",
        "host_restarts_lower": "{model} is being loaded again with smaller settings, because memory ran out or it crashed before.",
        "host_gave_up": "{model} crashed {count} times within {minutes} minutes, so it stays unloaded. The last reason stands beside this; load it again to try once more, or choose a smaller model.",
        # chat
        "conversation_missing": "There is no conversation number {id} in the chat database. It may have been removed by another program; choose another one.",
        "message_missing": "There is no message number {id} in this conversation any more. Open the conversation again.",
        "chats_too_new": "The chat database {path} was written by a newer Deskside (format {found}, this one knows {known}). Update Deskside to read it; nothing was changed.",
        "chats_failed": "The chat database {path} cannot be used ({reason}). Check that the file and its folder can be written and are not on a failing disk.",
    }
)
