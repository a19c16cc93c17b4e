"""PyTorch's threads that have nothing to do sleep, where whoever calls a command has not said otherwise."""

import os
import subprocess
import sys

import pytest

CODE = """
import os, sys
from contextlib import suppress
from passerby import cli
early = "torch" in sys.modules
sys.argv[1:] = ["--help"]
with suppress(SystemExit):
    cli.main()
print(early, os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize(("given", "found"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_without_work_sleep_unless_it_was_said_that_they_spin(given, found):
    others = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment = others if given is None else {**others, "OMP_WAIT_POLICY": given}
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    # PyTorch reads the variable when it is loaded: it must not be there before.
    assert done.stdout.splitlines()[-1] == f"False {found}"
