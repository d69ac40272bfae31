"""The window's languages: English in the code, German and simplified Chinese in `resources/translations/`.

After strings have changed, collect them, translate what is marked unfinished, and compile (both tools come with
PySide6-Essentials; `-noobsolete` drops what the code no longer says):

    for code in de zh; do pyside6-lupdate $(find app/gui -name '*.py') -locations none -no-ui-lines -noobsolete \
        -ts resources/translations/swiftmedsam_$code.ts && \
        pyside6-lrelease resources/translations/swiftmedsam_$code.ts; done

Tests fail while a string is missing, empty, or has lost a placeholder. Texts of acts, which the engine keeps in
English, have the context "Acts".
"""

from __future__ import annotations


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802, ARG001 - the name is what the collecting tool looks for
    """Mark a text of a table for translation in a context; PySide6's own says that it returns any object."""
    return text
