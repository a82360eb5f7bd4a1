"""The process that draws: it takes charts from its input and gives pictures to its output, until
the input ends. It has no word of anything else, and may be killed at any moment.

Asked is a pickle of a chart and how it should look, behind its length. An answer begins with
whether it is a picture, and its width and height; behind its length follows that, or else what went
wrong. No answer is ever unpickled: what draws foreign texts could have been made to say anything.
"""

import pickle
import resource
import signal
import sys
import traceback
from struct import Struct

REQUEST = Struct("!I")
ANSWER = Struct("!?HHI")

MOST_MEMORY = 512 * 1024 * 1024
"""Bytes of addresses; a picture needs 60 MB."""

ORPHANED = 30
"""Seconds after which it ends within a drawing: whoever would have killed it is gone."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold people's figures
    if sys.platform == "linux":  # others refuse it
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := requests.read(REQUEST.size):
        signal.alarm(ORPHANED)
        asked = requests.read(*REQUEST.unpack(head))
        answers.write(_answer(asked))
        answers.flush()
        signal.alarm(0)


def _answer(asked: bytes) -> bytes:
    try:
        from adapters.pictures.draw import drawn

        picture = drawn(*pickle.loads(asked))
    except Exception:  # noqa: BLE001 whoever asked is told, and ends this
        failure = traceback.format_exc().encode()
        return ANSWER.pack(False, 0, 0, len(failure)) + failure
    head = ANSWER.pack(True, picture.width, picture.height, len(picture.png))
    return head + picture.png


if __name__ == "__main__":
    main()
