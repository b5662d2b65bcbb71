"""About models elsewhere."""

from __future__ import annotations

from typing import Final

SENTENCES: Final = {
    "remote_address_invalid": "{address} is not the address of an endpoint: {reason}. Write it as https://HOST/v1, or http://HOST:PORT/v1 on your own network.",
    "remote_key_invalid": "The key for {host} cannot be used: {reason}. Copy it again from where it was given to you.",
    "remote_key_in_clear": "The key for {host} travels without encryption, because its address begins with http://. Everyone on the way can read it: use https:// where the endpoint offers it.",
    "remote_key_not_kept": "This system has no keyring that can be used ({reason}), so the key for {host} is kept until Deskside ends and never written to disk. Unlock or install a keyring (GNOME Keyring, KWallet) to keep it.",
    "remote_name_unknown": "There is no machine called {host} ({reason}). Check the address and the network connection.",
    "remote_refused": "{host} does not take connections ({reason}). Check that the endpoint runs, and its port; a firewall may stand in between.",
    "remote_proxy": "The proxy on the way to {host} does not let Deskside through: {reason}. Check the proxy that is set for this machine.",
    "remote_certificate": "{host} showed a certificate that this machine does not trust ({reason}). Check the address, the date of this machine and the certificates of your network.",
    "remote_timeout": "{host} sent nothing for {seconds} seconds. It may be overloaded or gone: try again, or choose another model.",
    "remote_connection_lost": "The connection to {host} broke off ({reason}). What had arrived is kept; try again.",
    "remote_truncated": "{host} ended the answer without saying that it was complete. What had arrived is kept; carry on, or try again.",
    "remote_unauthorized": "{host} does not accept the key, or wants one (HTTP {status}). Enter the right key for this endpoint.",
    "remote_forbidden": "{host} does not allow this with your key (HTTP {status}{told}). Ask whoever runs it, or choose another model.",
    "remote_not_found": "{host} knows nothing at this address, or no model {model} (HTTP 404{told}). Check the address (most end in /v1) and the name of the model.",
    "remote_without_list": "{host} has no list of models at this address (HTTP 404{told}). Check the address (most end in /v1), or write the name of a model yourself.",
    "remote_key_unread": "{host} wants a key, and none could be read from the keyring ({reason}). Unlock the keyring, or enter the key again.",
    "remote_too_slow": "{host} had not answered completely after {seconds} seconds. It may be overloaded: try again later.",
    "remote_busy": "{host} has too much to do (HTTP {status}{told}). Try again in a while.",
    "remote_failed": "{host} failed to answer (HTTP {status}{told}). Try again; if it stays, tell whoever runs it.",
    "remote_rejected": "{host} does not accept the request (HTTP {status}{told}). Change what was asked, or choose another model.",
    "remote_context_full": "The conversation is longer than what {model} on {host} can hold{told}. Leave out the oldest messages, summarise them, or begin a new conversation.",
    "remote_left_out": "The conversation was too long for {host}, so its {count} oldest messages were left out of this answer.",
    "remote_error_in_stream": "{host} broke the answer off{told}. What had arrived is kept; try again.",
    "remote_nonsense": "{host} answered with something that is not the protocol of OpenAI ({detail}). Check the address: most end in /v1.",
    "remote_too_large": "{host} sent more than an answer can be ({detail}), so it was ended. What had arrived is kept.",
    "remote_redirected": "{host} sends on to {target}, where neither your key nor your words are sent unasked. If you trust it, enter that address instead.",
    "remote_filtered": "{host} ended the answer with its content filter. Words may be missing.",
    "remote_request_unreadable": "The request cannot be sent, because {name} is not a JSON object ({reason}). Correct it and ask again.",
    "remote_closed": "Deskside is closing, so no more is asked of {host}. Start it again.",
    "remote_model_unnamed": "{host} offers several models: {choices}. Name one of them with --model.",
    "remote_without_models": "{host} offers no model. Load one there, or choose another endpoint.",
    "remote_model_not_offered": "{host} does not offer a model {model}. It offers: {choices}. Choose one of them.",
}
