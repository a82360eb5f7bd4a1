"""Whether there is a place for files."""

import os
import stat
from pathlib import Path


def unwritable(folder: Path) -> str | None:
    """Why no file can be made in a folder, which itself may have to be made first; `None` if one
    can.
    """
    for place in (folder.absolute(), *folder.absolute().parents):
        try:
            mode = place.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            if place.is_symlink():
                return f"{place} is a link to nothing"
            continue
        except OSError as failure:
            return f"{place}: {failure.strerror}"
        if not stat.S_ISDIR(mode):
            return f"{place} is not a folder"
        rights = os.W_OK | os.X_OK
        if os.access(place, rights, effective_ids=os.access in os.supports_effective_ids):
            return None
        return f"{place} is not for this user to write in"
    raise AssertionError("every path ends in a folder that is there")
