"""Files that a program may read at the moment at which they are written anew."""
import os


def write_whole(path, text, mode=0o640):
    """Whoever opens the path finds what was there before or all of the text, never a part of it. A file that is there
    keeps its owner."""
    new = f"{path}.new"
    with open(new, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(new, mode)
    if os.path.exists(path) and os.geteuid() == 0:
        there = os.stat(path)
        os.chown(new, there.st_uid, there.st_gid)
    os.replace(new, path)
