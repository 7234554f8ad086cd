"""The folders that ship beside the code: `prompts/` and `examples/clients/`, in a wheel or in a checkout."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

Folder = Literal["prompts", "examples/clients"]
_IN_WHEEL: dict[Folder, str] = {"prompts": "_prompts", "examples/clients": "_examples/clients"}


def shipped(folder: Folder) -> Traversable:
    """The folder inside the installed package; in a checkout or an editable install, the one at the top level."""
    package = files("outboundsync_mcp")
    installed = package.joinpath(_IN_WHEEL[folder])
    return installed if installed.is_dir() else package.joinpath("..", folder)
