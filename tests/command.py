"""The command line, called in this process."""

from passerby import cli


def passerby(capsys, *arguments):
    """Exit code, standard output and standard error of one command."""
    code = cli.exit_code([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err
