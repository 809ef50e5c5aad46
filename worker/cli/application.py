"""The command `loyalty`: one file per group of commands, one border for everything that fails.

Exit codes: 0 good; 1 findings, or a failure that the user must mend; 2 wrong usage. What a person
can mend is said in one clear line (or one per finding) on standard error, never as a traceback.
Modules that take long to import are imported inside the commands that need them.
"""

import errno
from collections.abc import Sequence

import typer

from config.errors import SettingsError
from rules_engine.errors import RuleSetError
from worker.cli import (
    check,
    clients,
    dead_letters,
    demo,
    explain,
    rebuild,
    rules,
    schema,
    simulate,
    topics,
    version,
)
from worker.cli import worker as worker_command
from worker.cli.failure import CommandFailed
from worker.cli.output import abandon_output, fail, flush_output, sentence
from worker.errors import LoudStop, WorkerError
from worker.publishing.errors import StaleBase

GOOD, MEND, USAGE = 0, 1, 2
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE)
"""How writing fails; files that cannot be opened or read have messages of their own."""

app = typer.Typer(
    name="loyalty",
    help="A streaming loyalty rule engine: top-ups, visits and payments in, bonus commands out.\n\n"
    "Exit codes: 0 good; 1 findings, or a failure to mend; 2 wrong usage. Results go to standard "
    "output, remarks and errors to standard error.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("worker")(worker_command.worker)
app.command("simulate")(simulate.simulate)
app.command("explain")(explain.explain)
app.add_typer(rules.app, name="rules")
app.add_typer(clients.app, name="clients")
app.add_typer(topics.app, name="topics")
app.command("check")(check.check)
app.command("rebuild")(rebuild.rebuild)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(schema.app, name="schema")
app.command("version")(version.version)


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    try:
        code = app(args=list(arguments), prog_name="loyalty", standalone_mode=False)
        flush_output()
    except typer.TyperException as error:
        _fail_usage(error)
        return USAGE
    except SettingsError as error:
        fail(*map(str, error.findings))
    except RuleSetError as error:
        fail(*map(str, error.diagnostics), mark=False)
    except CommandFailed as error:
        fail(*error.lines)
    except LoudStop as error:
        fail(f"{error.message} {error.remedy}".strip())
    except StaleBase as error:
        fail(sentence(error))
    except WorkerError as error:
        fail(f"{sentence(error)} Mend it, or wait until it answers, and run the command again.")
    except typer.Abort:
        fail("Stopped: nothing was done.")
    except OSError as error:
        _fail_output(error)
    else:
        return code if isinstance(code, int) else GOOD
    return MEND


def _fail_usage(error: typer.TyperException) -> None:
    """One line, and where to read on. Without a message the help was shown instead."""
    message = " ".join(error.format_message().split()).replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    if message:
        asked = context.command_path if context is not None else "loyalty"
        fail(f"{message if message.endswith('?') else sentence(message)} See {asked} --help.")


def _fail_output(error: OSError) -> None:
    """A reader that went away (`| head`) has all that it wanted."""
    if error.errno not in UNWRITABLE:
        raise error
    abandon_output()
    if not isinstance(error, BrokenPipeError):
        fail(f"The output cannot be written: {error.strerror}. Make room, or write elsewhere.")
