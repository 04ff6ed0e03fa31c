"""The ``shopwindow`` command: a file per group of commands."""

import importlib

import click

from ...findings import suggest

# Command -> module with the `command`; each is imported only when it is asked for.
_COMMANDS = {
    "new": ".new",
    "check": ".check",
    "test": ".test",
    "decide": ".decide",
    "explain": ".explain",
    "preview": ".preview",
    "schema": ".schema",
    "segments": ".segments",
    "replay": ".replay",
    "doctor": ".doctor",
    "stats": ".stats",
    "report": ".report",
    "train": ".train",
    "recommend": ".recommend",
    "measure": ".measure",
    "import": ".import_",
    "export": ".export",
    "erase": ".erase",
    "purge": ".purge",
    "store": ".store",
    "processing-register": ".register",
    "simulate": ".simulate",
    "demo": "shopwindow.examples.petshop.__main__",
}


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[name], __name__)
        command: click.Command = module.command
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in _COMMANDS:
            context.fail(f'unknown command "{name}": {suggest(name, _COMMANDS)}')
        return super().resolve_command(context, args)


@click.command(
    cls=_Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "SHOPWINDOW",
    },
)
@click.version_option(package_name="shopwindow")
def main() -> None:
    """Personalise a shop's start page from a folder of rules and fragments.

    \b
    A first round:
      shopwindow new personalization        make a folder to start from
      shopwindow check personalization      find what is wrong with it
      shopwindow test personalization       try its rules on made-up visitors
      shopwindow explain personalization    say what each of them sees, and why
      shopwindow preview personalization shop.main:app --persona gardener --open
      shopwindow schema personalization     let your editor complete rules while you type
      shopwindow segments personalization   count the visitors of each segment
      shopwindow replay personalization     see who of last week would be shown something else
      shopwindow doctor https://shop.example/   ask whether caches mix up visitors
      shopwindow stats personalization      count profiles and events
      shopwindow report personalization     say what works, and how sure that is
      shopwindow train personalization      learn which products go together
      shopwindow recommend personalization  list what fills a shelf for whom, and why
      shopwindow measure personalization    let experiments go by what visitors did
      shopwindow import personalization sales.csv --source pos    what a till knows of customers
      shopwindow export personalization --customer 17    all there is about one person
      shopwindow erase personalization --customer 17     delete it
      shopwindow purge personalization      delete what is older than the shop keeps it
      shopwindow processing-register personalization     what is kept, why and how long
      shopwindow simulate                   let made-up visitors walk through the pet shop
      shopwindow demo                       a whole shop to click through
    """
