"""Packaged functions for tests: a zip with one module, `app.py`, whose handler is `app.handle`."""

import io
import zipfile


def package(source: str) -> bytes:
    """A zip as Lambda takes it."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), source)  # dated 1980: the same bytes whenever it is made
    return written.getvalue()
