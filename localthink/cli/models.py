"""`localthink models`: which there are, which suits this machine, and getting and removing them."""
from __future__ import annotations

import click

from localthink.cli.lazy import LazyCommands


class Commands(LazyCommands):
    modules = {  # noqa: RUF012
        "list": ("localthink.cli.models_list", "Show the models that are here, and those that can be pulled."),
        "fit": ("localthink.cli.models_fit", "Say which model suits this machine, with the arithmetic."),
        "pull": ("localthink.cli.models_pull", "Download a model from the Hugging Face Hub, and check it."),
        "info": ("localthink.cli.models_info", "Show what is known of a model, here or in the catalogue."),
        "verify": ("localthink.cli.models_verify", "Compare downloaded models with their checksums."),
        "remove": ("localthink.cli.models_remove", "Remove a downloaded model."),
    }
    meant = {"ls": "list", "rm": "remove", "delete": "remove", "download": "pull", "get": "pull",  # noqa: RUF012
             "show": "info", "check": "verify", "recommend": "fit"}


@click.group("models", cls=Commands)
def command() -> None:
    """Choose, download and look after models."""
