"""Brings the translation files up to date: every tr() of the window, every sentence of the engine.

    python installer/translations.py            rewrites resources/translations/*.ts
    python installer/translations.py --check    only says what is missing; exit code 1 if anything is

pyside6-lupdate is not used: it loses the context of calls that span lines and cannot see
the engine's sentences. This reads the syntax tree, so it finds exactly what runs. Translations
that exist are kept; texts that are gone are dropped. Compile with pyside6-lrelease (./run does).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "resources" / "translations"

Key = tuple[str, str]  # (context, English text)


def texts_of_window(folder: Path) -> set[Key]:
    """Every text that the window's sources hand to Qt for translation."""
    found: set[Key] = set()
    for path in sorted(folder.rglob("*.py")):
        found.update(texts_of_source(path.read_text("utf-8"), str(path)))
    return found


def texts_of_source(source: str, name: str) -> set[Key]:
    """`self.tr("text")`, `translate("Context", "text")`, and `_tr("text")` of a module's own helper.

    Raises: ValueError, for a call whose text is not a literal, as it could never be translated.
    """
    tree = ast.parse(source, name)
    helper = _helper_context(tree)
    return set(_walk(tree, "", helper, name))


def texts_of_engine() -> set[Key]:
    """The templates of the engine's sentences, in the context "messages"."""
    sys.path.insert(0, str(ROOT))
    from engine.messages import TEMPLATES

    return {("messages", template) for template in TEMPLATES.values()}


def read_translations(path: Path) -> dict[Key, str]:
    """What is translated in that file; empty where there is no file yet."""
    if not path.exists():
        return {}
    known = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        name = context.findtext("name", "")
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is not None and translation.get("type") is None and translation.text:
                known[name, message.findtext("source", "")] = translation.text
    return known


def write_translations(path: Path, wanted: set[Key], known: Mapping[Key, str], language: str) -> None:
    """A Qt .ts file; texts without translation are marked unfinished."""
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    for name in sorted({context for context, _ in wanted}):
        context = ElementTree.SubElement(root, "context")
        ElementTree.SubElement(context, "name").text = name
        for key in sorted(key for key in wanted if key[0] == name):
            message = ElementTree.SubElement(context, "message")
            ElementTree.SubElement(message, "source").text = key[1]
            translation = ElementTree.SubElement(message, "translation")
            if key in known:
                translation.text = known[key]
            else:
                translation.set("type", "unfinished")
    ElementTree.indent(root, "    ")
    body = ElementTree.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', "utf-8")


def _helper_context(tree: ast.Module) -> str | None:
    """The context that the module's function `_tr(text)` translates in, if it has one."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "_tr":
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and _called(call) == "translate":
                    return _literal(call.args[0])
    return None


def _walk(node: ast.AST, scope: str, helper: str | None, name: str) -> Iterator[Key]:
    if isinstance(node, ast.ClassDef):
        scope = node.name
    if isinstance(node, ast.FunctionDef) and node.name == "_tr":
        return
    if isinstance(node, ast.Call):
        yield from _texts_of_call(node, scope, helper, name)
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, scope, helper, name)


def _texts_of_call(call: ast.Call, scope: str, helper: str | None, name: str) -> Iterator[Key]:
    called = _called(call)
    if called == "tr" and isinstance(call.func, ast.Attribute) and call.args:
        yield scope, _required(call.args[0], name)
    elif called == "_tr" and helper is not None:
        yield helper, _required(call.args[0], name)
    elif called == "translate" and _on_application(call) and len(call.args) >= 2:
        context, text = _literal(call.args[0]), _literal(call.args[1])
        if context is not None and text is not None:
            yield context, text


def _on_application(call: ast.Call) -> bool:
    """QPainter has a `translate` too."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id == "QCoreApplication"


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _required(node: ast.expr, name: str) -> str:
    text = _literal(node)
    if text is None:
        raise ValueError(f"{name}:{node.lineno}: only a literal text can be translated")
    return text


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def main(words: list[str]) -> int:
    wanted = texts_of_window(ROOT / "gui") | texts_of_engine()
    missing = 0
    for path in sorted(TRANSLATIONS.glob("deskside_*.ts")):
        language = path.stem.removeprefix("deskside_")
        known = read_translations(path)
        if "--check" not in words:
            write_translations(path, wanted, known, language)
        for context, text in sorted(wanted - set(known)):
            print(f"{path.name}: not translated: {context}: {text}")
            missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
