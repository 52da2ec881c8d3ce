"""The command line: every call of `footnote`. Thin: what a command does lives in `adapters/commands/`.

Nothing heavy is imported here, so `footnote --help` answers at once.
"""

import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from adapters.settings import Settings

_PATH = click.Path(path_type=Path)
_STAGES = ("words", "vectors", "late", "smoothing", "wholes", "map", "own-words")  # of `knowledge.ranking`, which is not imported here
_tenant = click.option("--tenant", "slug", required=True, metavar="SLUG", help="The tenant's slug.")
_as = click.option("--as", "email", required=True, metavar="EMAIL", help="Who asks.")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


def _tenant_or_all(command: "Callable[..., None]") -> "Callable[..., None]":
    """`--tenant SLUG` or `--all`, given to `command` as `slug`, None for all."""

    @click.option("--tenant", "slug", metavar="SLUG", help="Whose index.")
    @click.option("--all", "everybody", is_flag=True, help="Every tenant's.")
    @wraps(command)
    def given(*arguments: object, slug: str | None, everybody: bool, **more: object) -> None:
        if (slug is None) != everybody:
            message = "Give either --tenant SLUG or --all."
            raise click.UsageError(message)
        command(*arguments, slug=slug, **more)

    return given


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="footnote")
@click.option("--debug", is_flag=True, help="Show tracebacks and every log line of Footnote's own.")
@click.pass_context
def cli(context: click.Context, *, debug: bool) -> None:
    """Footnote answers questions from your company's own documents, with footnotes that open the exact passage."""
    context.obj = debug


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 it failed and stderr says why and what to do, 2 usage."""
    cli(prog_name="footnote")


def _run(context: click.Context, command: "Callable[[Settings], Coroutine[Any, Any, int]]") -> None:
    """Run a command to its exit code. A failure is one line on stderr; a traceback only with --debug."""
    import asyncio

    from adapters.settings import Settings
    from adapters.telemetry import log_to_stderr

    log_to_stderr(debug=context.obj)
    try:
        sys.exit(asyncio.run(command(Settings.from_environment())))
    except KeyboardInterrupt:
        click.echo("Stopped. What was finished is kept; run it again to go on.", err=True)
        sys.exit(130)
    except Exception as error:  # the edge: whatever it was, people at a terminal are told in one line
        if context.obj:
            raise
        click.echo(_sentence(error), err=True)
        sys.exit(1)


def _sentence(error: Exception) -> str:
    """A failure in one line. Of what nobody foresaw the class alone: a library's words may be anything, a user's too."""
    from adapters.commands import FAILURES
    from adapters.health import database_refusal
    from adapters.settings import BadSetting
    from knowledge.errors import IndexMissing, IndexUnavailable

    own = " ".join(str(error).split()) if isinstance(error, (*FAILURES, BadSetting)) else None
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}. Check the path, and that you may use it, then try again."
    if isinstance(error, IndexMissing):  # nobody else may be at work
        return f"{own} `footnote index verify` builds it at once."
    if isinstance(error, IndexUnavailable) and str(error) == IndexUnavailable.__doc__:  # else it is said already, to an operator
        return f"{own} `footnote doctor` says why."
    return database_refusal(error) or own or f"Something failed that nobody foresaw ({type(error).__name__}); run with --debug for details."


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65_535), help="Port to listen at; 0 takes a free one.")
@click.option("--role", type=click.Choice(["all", "web", "worker"]), default="all", show_default=True, help="Doors, workers, or both.")
@click.option("--demo", is_flag=True, help="Create the demo company first.")
@click.pass_context
def serve(context: click.Context, host: str, port: int, role: str, *, demo: bool) -> None:
    """Open every door and start the workers."""
    from adapters.server import serve as run

    _run(context, lambda settings: run(settings, host=host, port=port, role=role, demo=demo, debug=context.obj))


@cli.group()
def tenants() -> None:
    """Create, list, show and delete tenants, and say how much each may ask."""


@tenants.command()
@click.argument("slug")
@click.option("--name", required=True, help="What people call the company.")
@click.pass_context
def create(context: click.Context, slug: str, name: str) -> None:
    """Create the tenant SLUG."""
    from adapters.commands import tenants as commands

    _run(context, lambda settings: commands.create(settings, slug, name))


@tenants.command(name="list")
@click.pass_context
def list_(context: click.Context) -> None:
    """List all tenants."""
    from adapters.commands import tenants as commands

    _run(context, commands.list_)


@tenants.command()
@click.argument("slug")
@click.pass_context
def show(context: click.Context, slug: str) -> None:
    """Show the tenant SLUG: its questions this month, sources and people, and the last lines of its audit log."""
    from adapters.commands import tenants as commands

    _run(context, lambda settings: commands.show(settings, slug))


@tenants.command()
@click.argument("slug")
@click.argument("questions", type=click.IntRange(0, 1_000_000_000))
@click.pass_context
def allow(context: click.Context, slug: str, questions: int) -> None:
    """Let the tenant SLUG ask QUESTIONS a month; what it asked this month counts."""
    from adapters.commands import tenants as commands

    _run(context, lambda settings: commands.allow(settings, slug, questions))


@tenants.command()
@click.argument("slug")
@click.pass_context
def delete(context: click.Context, slug: str) -> None:
    """Delete the tenant SLUG with everything that is its own, for ever."""
    from adapters.commands import tenants as commands

    _run(context, lambda settings: commands.delete(settings, slug))


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=_PATH)
@_tenant
@click.option("--source", metavar="NAME", help="Name of the source. Default: the name of the first PATH.")
@click.option("--readers", type=_PATH, metavar="FILE", help="YAML: who is in which group, and who may read what. Default: everyone.")
@_json
@click.pass_context
def ingest(context: click.Context, paths: tuple[Path, ...], slug: str, source: str | None, readers: Path | None, *, as_json: bool) -> None:
    """Bring files, folders and .jsonl corpora in. Unchanged documents are skipped, vanished ones removed."""
    from adapters.commands.ingest import ingest as run

    _run(context, lambda settings: run(settings, paths, slug, source=source, readers=readers, as_json=as_json))


@cli.command()
@click.argument("text")
@_tenant
@_as
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100), help="Passages at most.")
@_json
@click.pass_context
def search(context: click.Context, text: str, slug: str, email: str, limit: int, *, as_json: bool) -> None:
    """Find passages for TEXT, best first."""
    from adapters.commands.search import search as run

    _run(context, lambda settings: run(settings, text, slug, email, limit=limit, as_json=as_json))


@cli.command()
@click.argument("text", required=False)
@_tenant
@_as
@click.option("--audience", metavar="EMAIL,EMAIL", help="Who else will see the answer.")
@click.option("--thread", metavar="ID", help="The thread it belongs to; its earlier turns are remembered.")
@click.option(
    "--batch",
    type=_PATH,
    metavar="FILE",
    help="JSON lines with `_id` and `text`; one JSON line out for each. Their own `as`, `audience` and `thread` win.",
)
@_json
@click.pass_context
def ask(
    context: click.Context,
    text: str | None,
    slug: str,
    email: str,
    audience: str | None,
    thread: str | None,
    batch: Path | None,
    *,
    as_json: bool,
) -> None:
    """Answer the question TEXT, or every question of a --batch."""
    from adapters.commands import ask as commands

    if (text is None) == (batch is None):
        message = "Give either a question or --batch FILE."
        raise click.UsageError(message)
    asked = commands.Asked(text=text or "", email=email, audience=None if audience is None else commands.emails(audience), thread=thread)
    if batch is not None:
        _run(context, lambda settings: commands.ask_batch(settings, batch, slug, asked))
    else:
        _run(context, lambda settings: commands.ask(settings, slug, asked, as_json=as_json))


@cli.command()
@click.argument("judged", type=_PATH, metavar="FOLDER|FILE")
@click.option("--tenant", "slug", metavar="SLUG", help="For a FILE: the tenant that is asked.")
@click.option("--as", "email", metavar="EMAIL", help="For a FILE: who asks where a row names nobody.")
@click.option("--run", "run_file", type=_PATH, metavar="FILE", help="Write a TREC run, 100 documents deep.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Ask only the first N questions.")
@click.option("--without", multiple=True, type=click.Choice(_STAGES), help="Leave this stage of the ranking out. May be repeated.")
@click.option("--ablations", is_flag=True, help="Ask again with each stage left out in turn, and tell what it is worth.")
@click.option("--worst", type=click.IntRange(1), default=None, metavar="N", help="Tell the N questions that lose most, and to what.")
@click.option("--against", type=_PATH, metavar="RUN", help="Compare with an earlier run, question by question.")
@_json
@click.pass_context
def evaluate(
    context: click.Context,
    judged: Path,
    slug: str | None,
    email: str | None,
    run_file: Path | None,
    limit: int | None,
    without: tuple[str, ...],
    worst: int | None,
    against: Path | None,
    *,
    ablations: bool,
    as_json: bool,
) -> None:
    """Measure retrieval on judged questions.

    FOLDER is a judged set in the layout of BEIR (corpus.jsonl, queries.jsonl, qrels/test.tsv), asked in a tenant made for it. FILE is your
    own questions, an .xlsx or .csv with the columns question, document and, if you like, asker, answerable and quote; they are asked of
    --tenant, each with what its asker may read, and nothing there is changed.
    """
    from adapters.commands import evaluate as commands
    from knowledge.ranking import Stage

    stages = frozenset(map(Stage, without))
    if stages >= {Stage.WORDS, Stage.VECTORS}:
        message = "Without words and vectors nothing is found: leave one of them in."
        raise click.UsageError(message)
    wanted = commands.Wanted(
        run_file=run_file, limit=limit, without=stages, ablations=ablations, worst=worst or 0, against=against, as_json=as_json
    )
    if judged.suffix.lower() not in {".xlsx", ".csv"} or judged.is_dir():
        if slug is not None or email is not None:
            message = "--tenant and --as are for an .xlsx or .csv of questions; a folder is asked in a tenant made for it."
            raise click.UsageError(message)
        _run(context, lambda settings: commands.evaluate_folder(settings, judged, wanted))
    elif slug is None or email is None:
        message = "Give --tenant SLUG and --as EMAIL: the tenant that is asked, and who asks where a row names nobody."
        raise click.UsageError(message)
    else:
        _run(context, lambda settings: commands.evaluate_set(settings, judged, slug, email, wanted))


@cli.command()
@_tenant
@click.option("--questions", type=_PATH, metavar="FILE", help="An .xlsx or .csv as for `evaluate`: ask and learn.")
@click.option("--as", "email", default="", metavar="EMAIL", help="Who asks the questions that do not say.")
@click.option("--forget", is_flag=True, help="Forget the judged questions kept so far; they add up otherwise.")
@click.option("--svg", type=_PATH, metavar="FILE", help="Draw the picture to FILE too.")
@_json
@click.pass_context
def doubt(context: click.Context, slug: str, questions: Path | None, email: str, svg: Path | None, *, forget: bool, as_json: bool) -> None:
    """Show what doubt costs a tenant, in questions held back, and teach it with judged questions."""
    from adapters.commands.doubt import doubt as run

    if questions and not email:
        message = "Give --as EMAIL with --questions: who asks where a row does not say."
        raise click.UsageError(message)
    _run(context, lambda settings: run(settings, slug, questions=questions, email=email, forget=forget, svg=svg, as_json=as_json))


@cli.group()
def words() -> None:
    """List, add, switch off and remove a tenant's own words: short forms and what they stand for, which questions are read with."""


_short = click.argument("short")
_meaning = click.argument("long", required=False)


@words.command(name="list")
@_tenant
@_json
@click.pass_context
def list_words(context: click.Context, slug: str, *, as_json: bool) -> None:
    """List each short form, what it stands for, whether it is on, and which documents say so."""
    from adapters.commands import words as commands

    _run(context, lambda settings: commands.list_(settings, slug, as_json=as_json))


@words.command()
@_tenant
@_short
@click.argument("long")
@click.pass_context
def add(context: click.Context, slug: str, short: str, long: str) -> None:
    """Say that SHORT stands for LONG, or is another word for it. It holds for everyone, and instead of what documents say."""
    from adapters.commands import words as commands

    _run(context, lambda settings: commands.add(settings, slug, short, long))


@words.command()
@_tenant
@_short
@_meaning
@click.pass_context
def off(context: click.Context, slug: str, short: str, long: str | None) -> None:
    """Leave SHORT alone, whatever documents say; with LONG only where it stands for that."""
    from adapters.commands import words as commands

    _run(context, lambda settings: commands.off(settings, slug, short, long))


@words.command()
@_tenant
@_short
@_meaning
@click.pass_context
def on(context: click.Context, slug: str, short: str, long: str | None) -> None:
    """Use SHORT again, whatever it stands for; with LONG only where it stands for that."""
    from adapters.commands import words as commands

    _run(context, lambda settings: commands.on(settings, slug, short, long))


@words.command()
@_tenant
@_short
@_meaning
@click.pass_context
def remove(context: click.Context, slug: str, short: str, long: str | None) -> None:
    """Forget that SHORT was added; with LONG only that it stands for that."""
    from adapters.commands import words as commands

    _run(context, lambda settings: commands.remove(settings, slug, short, long))


@cli.group()
def index() -> None:
    """List, move, verify and forget the indexes that passages are searched in, and make the keys to them."""


@index.command(name="list")
@_tenant_or_all
@click.pass_context
def list_indexes(context: click.Context, slug: str | None) -> None:
    """List each tenant's indexes: which serves, which is being built, which are kept."""
    from adapters.commands import index as commands

    _run(context, lambda settings: commands.list_(settings, slug))


@index.command()
@_tenant_or_all
@click.option("--to", "engine", type=click.Choice(["weaviate", "lancedb"]), required=True, help="The engine to move to.")
@click.pass_context
def move(context: click.Context, slug: str | None, engine: str) -> None:
    """Build the index anew at an engine, with the embedding model that is set up, and switch to it. Questions are answered all along."""
    from adapters.commands import index as commands

    _run(context, lambda settings: commands.move(settings, slug, engine))


@index.command()
@_tenant_or_all
@click.pass_context
def verify(context: click.Context, slug: str | None) -> None:
    """Compare the index that serves with PostgreSQL, document by document, and mend it."""
    from adapters.commands import index as commands

    _run(context, lambda settings: commands.verify(settings, slug))


@index.command()
@_tenant_or_all
@click.pass_context
def forget(context: click.Context, slug: str | None) -> None:
    """Drop the indexes that do not serve any more."""
    from adapters.commands import index as commands

    _run(context, lambda settings: commands.forget(settings, slug))


@index.command()
@_tenant
@click.argument("file", type=_PATH)
@click.pass_context
def backup(context: click.Context, slug: str, file: Path) -> None:
    """Write the vectors of a tenant's index to FILE, which is what takes long to make again."""
    from adapters.commands import index as commands

    _run(context, lambda settings: commands.backup(settings, slug, file))


@index.command()
@_tenant
@click.argument("file", type=_PATH)
@click.pass_context
def restore(context: click.Context, slug: str, file: Path) -> None:
    """Put back what a tenant's index lacks, with the vectors in FILE."""
    from adapters.commands import index as commands

    _run(context, lambda settings: commands.restore(settings, slug, file))


@index.command(name="map")
@_tenant_or_all
@click.option("--learn", is_flag=True, help="Learn it now, and not only by night.")
@click.option("--on/--off", "switch", default=None, help="Whether it may be used.")
@click.pass_context
def map_questions(context: click.Context, slug: str | None, *, learn: bool, switch: bool | None) -> None:
    """Say what is learned of how a tenant's documents put things, which turns questions towards them; learn it; switch it on or off."""
    from adapters.commands import index as commands

    _run(context, lambda settings: commands.map_(settings, slug, learn=learn, switch=switch))


@index.command()
@click.option("--rotate", is_flag=True, help="Give those who are there new keys; the old ones stop at once.")
@click.pass_context
def keys(context: click.Context, *, rotate: bool) -> None:
    """Make two users in Weaviate, one for serving and one for operations, and print their keys; needs WEAVIATE_OPERATIONS_KEY."""
    from adapters.commands import index as commands

    _run(context, lambda settings: commands.keys(settings, rotate=rotate))


@cli.command()
@click.argument("platform", type=click.Choice(["slack", "teams"]))
@click.option("--url", metavar="URL", help="Where people reach Footnote, https://… Default: FOOTNOTE_URL.")
@click.option("--out", type=_PATH, metavar="DIR", help="Folder to write to. Default: Slack's is printed, the Teams zip goes here.")
@click.pass_context
def manifest(context: click.Context, platform: str, url: str | None, out: Path | None) -> None:
    """Make the app manifest of PLATFORM, checked: Slack's YAML, or the zip that Teams admins upload."""
    from adapters.commands.manifest import manifest as run

    _run(context, lambda settings: run(platform, url or settings.url, app_id=settings.teams_app_id, out=out))


@cli.command()
@_json
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Say what is configured, reachable and migrated, what is wrong, and how to mend it."""
    from adapters.doctor import doctor as run

    _run(context, lambda settings: run(settings, as_json=as_json))
