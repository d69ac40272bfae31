"""The window's languages: English in the code, German and simplified Chinese in `resources/translations/`.

After strings have changed, collect them, translate what is marked unfinished, and compile (both tools come with
PySide6-Essentials; `-noobsolete` drops what the code no longer says):

    for code in de zh; do pyside6-lupdate $(find app/gui -name '*.py') -locations none -no-ui-lines -noobsolete \
        -ts resources/translations/swiftmedsam_$code.ts && \
        pyside6-lrelease resources/translations/swiftmedsam_$code.ts; done

Tests fail while a string is missing, empty, or has lost a placeholder. Texts of acts, which the engine keeps in
English, have the context "Acts"; whatever else the engine says is translated by `sentences.json` beside those files.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from app import paths
from app.gui.sentences import CONTEXT, Sentences, SentenceTranslator
from app.gui.settings import Language

_OWN = "swiftmedsam"
_QT = {Language.GERMAN: "qtbase_de", Language.CHINESE: "qtbase_zh_CN"}
_LOCALES = {QLocale.Language.German: Language.GERMAN, QLocale.Language.Chinese: Language.CHINESE}


def install_translator(application: QCoreApplication, language: Language) -> Language:
    """Let the application speak a language from now on, Qt's own texts included; which one it is now.

    What is on the screen already has to ask for its texts again. Where there is no translation, English is spoken.
    """
    for old in application.findChildren(QTranslator, _OWN):
        application.removeTranslator(old)
        old.deleteLater()
    if language is Language.SYSTEM:
        language = _LOCALES.get(QLocale.system().language(), Language.ENGLISH)
    folder_of_own = paths.resources_dir() / "translations"
    own = (f"{_OWN}_{language.value}", str(folder_of_own))
    qt = (_QT.get(language, ""), QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    if language in _QT:  # the last to be asked
        sentences = SentenceTranslator(Sentences.of(folder_of_own / "sentences.json", language.value), application)
        sentences.setObjectName(_OWN)
        application.installTranslator(sentences)
    for name, folder in (qt, own) if language in _QT else ():
        translator = QTranslator(application)
        translator.setObjectName(_OWN)
        if translator.load(name, folder):
            application.installTranslator(translator)
    return language


def engine_text(text: str) -> str:
    """What the engine says, an error, a reason or a finding, in the window's language; English where it is unknown."""
    # The name of a file may be no UTF-8, which is refused here, and Qt's texts end at a NUL.
    told = text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
    return QCoreApplication.translate(CONTEXT, told)


def as_sentence(text: str) -> str:
    """The same with a capital letter, unless it begins with a name."""
    said = engine_text(text)
    first = said.partition(" ")[0]
    return said[:1].upper() + said[1:] if first.isalpha() else said


def full_sentence(text: str) -> str:
    """The same with a full stop."""
    return as_sentence(text) + QCoreApplication.translate("Sentences", ".")


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: ARG001 - the name is what the collecting tool looks for
    """Mark a text of a table for translation in a context; PySide6's own says that it returns any object."""
    return text
