"""Commands without a screen: snapshot, show, graph."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ecsiam_tui.account.text import visible, visible_json
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import (
    Demo,
    EndpointUrl,
    Json,
    LastAccessed,
    Profile,
    Region,
    RoleArn,
    SnapshotFile,
    Where,
)
from ecsiam_tui.cli.output import write


class GraphFormat(StrEnum):
    """What `graph` writes."""

    JSON = "json"
    DOT = "dot"
    MERMAID = "mermaid"
    GRAPHML = "graphml"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("snapshot")(snapshot)
    app.command("show")(show)
    app.command("graph")(graph)


def snapshot(
    out: Annotated[Path, typer.Argument(help="File to write; .zst and .gz compress it.", dir_okay=False)],
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    last_accessed: LastAccessed = True,
    demo: Demo = False,
) -> None:
    """Read an account and write what was read to a file. Values of secrets and variables are never in it."""
    where = Where.of(profile, region, role_arn, endpoint_url, demo=demo, last_accessed=last_accessed)
    write_snapshot(where, out)


def write_snapshot(where: Where, out: Path) -> None:
    """Read a source to its end and write the file. Raises CommandError where it cannot be written."""
    from ecsiam_tui.account.files import SnapshotFileError, save

    if not out.parent.is_dir():
        raise CommandError(f"{out}: the folder {out.parent} does not exist")
    found = where.load().snapshot
    try:
        save(found, out)
    except SnapshotFileError as error:
        raise CommandError(str(error)) from error
    counts = f"{len(found.clusters)} clusters, {len(found.services)} services, {len(found.roles)} roles"
    print(f"{out}: {counts}, {len(found.policies)} policies", file=sys.stderr)
    if found.gaps:
        gaps = "1 gap" if len(found.gaps) == 1 else f"{len(found.gaps)} gaps"
        consequence = "what could not be read is listed in the file and on the gaps screen"
        print(f"{gaps}: {consequence}", file=sys.stderr)


def show(
    node: Annotated[
        list[str], typer.Argument(help="An ARN, an id, or a name; kind:role and the like narrow it.")
    ],
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Show one thing: what it is, what it uses, and what uses it."""
    from ecsiam_tui.graph.documents import record_data
    from ecsiam_tui.graph.facts import Fact
    from ecsiam_tui.graph.kinds import relation
    from ecsiam_tui.workspace import Workspace

    where = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo)
    workspace = Workspace(where.load().snapshot)
    estate = workspace.estate
    found = _find(workspace, " ".join(node))
    uses, used_by = list(estate.uses(found.id)), list(estate.used_by(found.id))
    if as_json:
        data: dict[str, Any] = {
            "id": found.id,
            "kind": found.kind.value,
            "title": found.title,
            "state": found.state.value,
            "record": record_data(found) if found.record is not None else None,
            "uses": [{"relation": link.kind.value, "id": link.node.id, "via": link.via} for link in uses],
            "used_by": [
                {"relation": link.kind.value, "id": link.node.id, "via": link.via} for link in used_by
            ],
        }
        write(visible_json(msgspec.json.format(msgspec.json.encode(data), indent=2).decode()))
        return
    from ecsiam_tui.graph.describe import describe, kind_words

    lines = [f"{visible(found.title)}  ({visible(kind_words(found))})"]
    for section in describe(estate, found):
        lines += _section_lines(section.title, section.facts)
    for title, links, backwards in (("uses", uses, False), ("used by", used_by, True)):
        facts = (
            Fact(relation(link.kind, backwards=backwards), f"{link.node.title}  {link.via}".rstrip())
            for link in links
        )
        lines += _section_lines(title, tuple(facts))
    write("\n".join(lines))


def _section_lines(title: str, facts: tuple[Any, ...]) -> list[str]:
    head = [f"\n{visible(title)}"] if title and facts else []
    return head + [f"  {visible(fact.label):<20} {visible(fact.text)}".rstrip() for fact in facts]


def _find(workspace: Any, text: str) -> Any:
    """The one node that a text means. Raises CommandError with the nearest ones where it is not one."""
    from ecsiam_tui.graph.search import search

    estate = workspace.estate
    if (node := estate.get(text)) is not None:
        return node
    hits = search(estate, text, most=6)
    best = [hit for hit in hits if hit.score == 0] or hits
    if len(best) == 1:
        return best[0].node
    if not best:
        raise CommandError(f"nothing is called {text!r} here; ecsiam-tui graph lists everything")
    names = "; ".join(f"{hit.node.title} (kind:{hit.node.kind}) {hit.node.id}" for hit in best[:5])
    raise CommandError(f"{text!r} may mean several things, give an ARN or add kind:…: {names}")


def graph(
    form: Annotated[GraphFormat, typer.Option("--format", help="What to write.")] = GraphFormat.JSON,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
) -> None:
    """Write the whole graph for another tool."""
    from ecsiam_tui.graph.export import FORMATS
    from ecsiam_tui.workspace import Workspace

    where = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo)
    write(FORMATS[form.value](Workspace(where.load().snapshot).estate).rstrip("\n"))
