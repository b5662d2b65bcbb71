"""About images, attached files, and kept conversations."""

from __future__ import annotations

from typing import Final

SENTENCES: Final = {
    # images
    "image_unknown": "The file is no image that can be read here. Save it as PNG, JPEG or GIF and try again.",
    "image_damaged": "The image is damaged ({reason}). Save it again as PNG or JPEG and try again.",
    "image_bytes": "The image is {size} MiB large, and images of up to {most} MiB are taken. Make it smaller and try again.",
    "image_pixels": "The image has {width} x {height} pixels, and images of up to {most} million pixels are taken. Make it smaller and try again.",
    "image_memory": "There is too little free memory to decode the image, which takes {needed} MiB. Close other programs, or make the image smaller.",
    "image_tokens": "The image becomes {tokens} tokens, and this model can read at most {most} of one image with its present settings. Make it smaller, or free memory and load the model again.",
    "image_not_encoded": "The model could not read the image ({reason}). Save it again as PNG or JPEG and try again.",
    "image_many": "The conversation has {count} images, and at most {most} are read. Begin a new one, or leave some out.",
    "image_places": "The message has {images} images and {places} places for them. Send every image at its own place.",
    "image_address": "{field} is an address that would have to be fetched ({kind}), and nothing is fetched here. Send the image itself: data:image/png;base64, and its bytes.",
    "image_not_base64": "{field} is not an image in base64. Send it as data:image/png;base64, and its bytes.",
    "model_blind": "{model} cannot see images, because there is no projector with it. Take a model that sees, with the file of its repository that has mmproj in its name, both in one folder.",
    "projector_refused": "The projector {name} cannot be used ({reason}), so the model reads text only. Download it again, from the model's own repository.",
    "projector_foreign": "The projector {name} belongs to another model, so this one reads text only. Download the one from the model's own repository.",
    # chat
    "attachment_no_text": "{name} is neither text, a PDF nor an image that can be read here (PNG, JPEG or GIF). Attach one of these.",
    "attachment_too_large": "{name} holds {size}, and files of up to {most} are read. Attach the part that matters.",
    "attachment_unreadable": "{name} could not be read ({reason}). Check that the file is there and that you may open it.",
    "attachment_empty": "There is no text in {name}, so there is nothing for a model to read. Scanned pages have to be made into text first.",
    "attachment_locked": "{name} is locked with a password. Save a copy without one, then attach that.",
    "attachment_pdf_failed": "The text of {name} could not be read ({reason}). Save it again as a PDF, or copy the text that matters.",
    "attachment_pdf_hungry": "Reading {name} took more memory or time than a PDF may take, so it was ended. Save it again as a PDF, or copy the text that matters.",
    "shelf_unreadable": "Your prompts and presets in {path} could not be read ({reason}). They were put aside as {aside}.",
    "shelf_unwritable": "Your prompts and presets could not be kept in {path} ({reason}). Make the folder writable, then try again.",
    "conversation_missing": "There is no conversation number {id} in the chat database. It may have been removed by another program; choose another one.",
    "message_missing": "There is no message number {id} in this conversation any more. Open the conversation again.",
    "chats_too_new": "The chat database {path} was written by a newer Deskside (format {found}, this one knows {known}). Update Deskside to read it; nothing was changed.",
    "chats_failed": "The chat database {path} cannot be used ({reason}). Check that the file and its folder can be written and are not on a failing disk.",
    "chats_damaged": "The chat database {path} is damaged ({reason}). Its copy of {date} is shown, and nothing can be written until you go on with that copy; the damaged file is kept.",
    "chats_read_only": "Your chats are shown from a copy, because the chat database is damaged, so nothing can be written. Go on with the copy first.",
    "chats_begun_again": "Deskside goes on with the copy of {date} and {count} newer messages that could still be read. The damaged database is kept as {aside}.",
    "chats_not_damaged": "The chat database is not damaged, so its copy is not needed. Nothing was changed.",
    "chats_gone": "The chat database {path} was moved or deleted while it was in use, so nothing can be saved. Put it back, or start Deskside again to begin a new one.",
    "chats_saved_late": "There is room on the disk again: what could not be saved before is saved now.",
    "search_failed": "The chats cannot be searched ({reason}). Close other windows of Deskside and try again; the chats themselves are not affected.",
    "import_chats_unreadable": "The file {path} cannot be read as chats ({reason}). Choose the export as it was downloaded: a zip file, or conversations.json.",
    "import_chats_unknown": "The file {path} holds no chats of Deskside or ChatGPT. Choose an export of one of these: a zip file, or its conversations.json.",
    "import_chats_large": "The file {path} holds more than {most} of chats, which is more than is taken at once. Export them in smaller parts.",
    "export_chats_failed": "The chats could not be written to {path} ({reason}). Choose another folder, or free some space.",
    "export_chats_none": "There are no chats to export. Name those that are in the list of deskside chats list.",
    "chats_exported": "{path} holds {count} of your chats now.",
    "chats_imported": "{taken} chats were taken in, {known} were there already, and {refused} entries of the file are no chats.",
    "copy_failed": "The chats could not be copied to {folder} ({reason}). Free some space, or check that the folder can be written.",
    "copy_missing": "There is no copy of the chat database {path} that could be used in its place. Copy the file to a safe place before you try to repair it with other tools.",
    "folder_missing": "That folder is not there any more. Choose another one.",
}
