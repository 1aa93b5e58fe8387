"""The deeds of maskcls from a shell: `python -m maskcls --help`.

Results go to stdout, everything else to stderr. What went wrong comes as one sentence and exit code 1; a command that
was not understood exits with 2.
"""

from typing import Any

import click

from maskcls import __version__
from maskcls.cli import classify, data, explain, measure, models, runs, search, train
from maskcls.errors import MaskclsError


class _PlainErrors(click.Group):
    """A group of commands that shows an error of ours as its sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MaskclsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_PlainErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="maskcls")
def main() -> None:
    """Find faces in pictures and say of each whether a mask is worn, worn partially, or missing.

    \b
    Try:
      python -m maskcls classify photo.jpg
      python -m maskcls classify holiday/ --csv faces.csv --annotate out/
      python -m maskcls explain photo.jpg --out why/
      python -m maskcls evaluate scenes.zip --split test
      python -m maskcls train pictures.zip --name mine
    """  # noqa: D301 - Click keeps the lines below this sign


main.add_command(classify.classify)
main.add_command(data.data)
main.add_command(explain.explain)
main.add_command(measure.evaluate)
main.add_command(measure.stress)
main.add_command(measure.benchmark)
main.add_command(models.models)
main.add_command(runs.runs)
main.add_command(search.search)
main.add_command(train.train)
