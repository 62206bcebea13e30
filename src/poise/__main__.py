"""Where the command `poise` begins: runs it, and turns every error into one clear message and an exit code.

Exit codes: 0 done, 1 a fault of poise itself, 2 something asked for cannot be done, 3 stopped and resumable,
130 stopped by Ctrl-C with nothing to resume.
"""

from __future__ import annotations

import errno
import os
import signal
import sys

LOADERS_WORDS = ("failed to map segment", "cannot allocate memory")
"""What the system's loader says of a library that there is no memory for."""


def main() -> None:
    """Runs the command line and exits."""
    # Before NumPy loads: with several threads linear algebra differs in the last bit, and is slower at our sizes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from poise.cli.last_words import last_words

    with last_words(sys.argv[1:]):
        code = run(sys.argv[1:])
    # All is done and said: who presses Ctrl-C once more while the interpreter tidies up shall not change the exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Runs the command line with these arguments and returns its exit code."""
    from poise.errors import PoiseError

    debug = "--debug" in arguments or bool(os.environ.get("POISE_DEBUG"))
    if debug:
        import logging

        logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        from poise.cli.app import app

        code = app([a for a in arguments if a != "--debug"], prog_name="poise", standalone_mode=False)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone, as in `poise envs | head`: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            raise
        return _report(error, arguments, known=isinstance(error, PoiseError))
    return code if isinstance(code, int) else 0


def _report(error: Exception, arguments: list[str], *, known: bool) -> int:
    """Prints an error for a person; the code to exit with."""
    show = getattr(error, "show", None)
    if show is not None and hasattr(error, "exit_code"):  # an error in the use of the command line itself
        show()
        return int(error.exit_code)
    if known:
        from poise.errors import RunStoppedError

        sys.stderr.write(f"poise: {error}\n")
        return 3 if isinstance(error, RunStoppedError) else 2
    memory = _lack_of_memory(error)
    if memory is not None:
        sys.stderr.write(f"poise: there is not enough memory for this. {memory}".rstrip() + "\n")
        return 2
    from poise.cli.crash import write_report

    report = write_report(error, arguments)
    where = "" if report is None else f"A report for its authors is in {report}: look through it before you send it.\n"
    name = type(error).__name__
    sys.stderr.write(
        f"poise: an error in poise itself, {name}: {error}\n{where}Run it again with --debug for details.\n"
    )
    return 1


def _lack_of_memory(error: BaseException | None) -> BaseException | None:
    """What first said that there is no memory left: the error or what it came from; ``None`` for another error.

    Where there is too little even for a library, the system's loader says it as an `ImportError`.
    """
    found = None
    while error is not None:
        unloadable = isinstance(error, ImportError) and any(words in str(error).lower() for words in LOADERS_WORDS)
        full = isinstance(error, OSError) and error.errno == errno.ENOMEM
        if unloadable or full or isinstance(error, MemoryError):
            found = error
        error = error.__cause__ or error.__context__
    return found


if __name__ == "__main__":
    main()
