"""A file in the folder is an entry, under the file's own name."""

from __future__ import annotations

import pytest

from poise.errors import UnknownNameError
from poise.optimizers import OPTIMIZERS


def test_the_key_the_file_and_the_class_bear_one_name() -> None:
    for name in OPTIMIZERS.names():
        found = OPTIMIZERS.get(name)
        assert found.name == name
        assert found.__name__ == "".join(part.capitalize() for part in name.split("_"))
        assert found.__module__ == f"poise.optimizers.{name}"


def test_an_unknown_name_gets_suggestions() -> None:
    with pytest.raises(UnknownNameError, match=r"There is no optimizer named 'cmaes'\. Did you mean 'cma_es'"):
        OPTIMIZERS.get("cmaes")


@pytest.mark.parametrize("name", ["base", "_ranking", "../x", ""])
def test_what_is_no_entry_cannot_be_had(name: str) -> None:
    with pytest.raises(UnknownNameError):
        OPTIMIZERS.get(name)
