"""`needs`: what a service, a task definition, or a file that is not registered yet asks of its roles."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.checks import wrong_call
from ecsiam_tui.cli.ask.common import principal_of, write_json
from ecsiam_tui.cli.ask.layout import write_lines
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.needs_output import Asked, as_data, lines, of_kind, policies_of, say_placeholders
from ecsiam_tui.cli.options import Demo, EndpointUrl, Json, Profile, Region, RoleArn, SnapshotFile, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecsiam_tui.account.ecs import Cluster
    from ecsiam_tui.account.snapshot import Snapshot
    from ecsiam_tui.ecs.requirement import Judged, Requirement
    from ecsiam_tui.ecs.workloads import Workload
    from ecsiam_tui.workspace import Workspace

MOST_BYTES = 10_000_000
_EXEC_IS_ON = re.compile(r"enable_?execute_?command\"?\s*[:=]\s*\"?true", re.IGNORECASE)


class Launch(StrEnum):
    """Launch types as ECS spells them."""

    FARGATE = "FARGATE"
    EC2 = "EC2"
    EXTERNAL = "EXTERNAL"
    MANAGED_INSTANCES = "MANAGED_INSTANCES"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("needs")(needs)


def needs(
    target: Annotated[
        str | None,
        typer.Argument(help="A service, a task definition, or a file of one (- for standard input)."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="The cluster: of a file, or all services of it.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="All services with this tag, as key=value.")
    ] = None,
    deployer: Annotated[
        str | None,
        typer.Option("--deployer", help="What this principal needs to deploy it, instead of what it needs."),
    ] = None,
    launch_type: Annotated[
        Launch | None, typer.Option("--launch-type", help="Of a file: where it will run.")
    ] = None,
    exec_enabled: Annotated[bool, typer.Option("--exec", help="Of a file: ECS Exec will be on.")] = False,
    emit_policy: Annotated[
        bool, typer.Option("--emit-policy", help="Print the least-privilege policy of each role instead.")
    ] = False,
    role_kind: Annotated[
        str | None, typer.Option("--role-kind", help="Only this kind of role: task-execution, task, …")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Check a file against the live account, with ambient credentials.")
    ] = False,
    profile: Profile = None,
    region: Region = None,
    role_arn: RoleArn = None,
    endpoint_url: EndpointUrl = None,
    snapshot: SnapshotFile = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """What a service, a task definition, or a file that is not registered yet needs of its roles.

    A file is checked against an account where one is named (--live, --profile, --snapshot, --demo, …), and
    only listed where none is. Exits with 1 where something required was checked and is missing.
    """
    where = Where.of(profile, region, role_arn, endpoint_url, snapshot, demo)
    if live and (snapshot or demo):
        raise CommandError(
            f"--live is for reading AWS and cannot go with {'--demo' if demo else '--snapshot'}"
        )
    if target is None and cluster is None and not tag:
        raise wrong_call(
            "name a file, a service or a task definition; or --cluster or --tag for all services"
        )
    if target is not None and _is_file(target):
        asked = _of_file(target, where, cluster, launch_type, exec_enabled, deployer, live=live)
    else:
        asked = _of_account(target, where, cluster, tag or [], deployer)
    if role_kind:
        asked = asked._replace(judged=of_kind(asked.judged, role_kind))
    say_placeholders(asked)
    if emit_policy:
        write_json(policies_of(asked, role_kind))
        return
    if as_json:
        write_json([as_data(one, asked.placeholders) for one in asked.judged])
    else:
        write_lines(lines(asked), hanging=6)
    lacks = any(one.status == "missing" and one.requirement.necessity == "required" for one in asked.judged)
    if lacks and asked.verified:
        raise typer.Exit(1)


def _is_file(target: str) -> bool:
    """Whether the target is a file rather than a name: it is there, or it looks like a path."""
    if target == "-" or Path(target).is_file():
        return True
    return not target.startswith("arn:") and target.endswith((".json", ".yaml", ".yml", ".tpl", ".template"))


# Of the account ---------------------------------------------------------------------------------------------


def _of_account(
    target: str | None, where: Where, cluster: str | None, tags: list[str], deployer: str | None
) -> Asked:
    from ecsiam_tui.workspace import Workspace

    workspace = Workspace(where.load().snapshot)
    chosen = _chosen(workspace, target, cluster, tags)
    account = workspace.snapshot.account_id
    if deployer is not None:
        return Asked(_to_deploy(workspace, chosen, deployer), account=account)
    found = workspace.needs
    ids = dict.fromkeys(workload.id for workload in chosen)
    return Asked(tuple(one for node in ids for one in found.of(node)), account=account)


def _chosen(workspace: Workspace, target: str | None, cluster: str | None, tags: list[str]) -> list[Workload]:
    """The workloads that are meant. Raises CommandError where there are none, or several of one name."""
    every = workspace.needs.workloads
    if cluster is not None:
        known = _cluster(workspace, cluster)
        every = [workload for workload in every if workload.cluster and workload.cluster == known]
    for pair in tags:
        key, equals, value = pair.partition("=")
        if not equals:
            raise wrong_call(f"--tag takes key=value, such as team=payments, not {pair!r}")
        every = [
            workload for workload in every if workload.service and workload.service.tags.get(key) == value
        ]
    if target is None:
        found = [workload for workload in every if workload.service is not None]
        if not found:
            raise CommandError("no service fits --cluster and --tag")
        return found
    found = [workload for workload in every if target in _names(workload)]
    ids = dict.fromkeys(workload.id for workload in found)
    if len(ids) > 1:
        raise CommandError(f"{target!r} may mean several things, give an ARN or --cluster: {', '.join(ids)}")
    if not found:
        from difflib import get_close_matches

        names = {name for workload in every for name in _names(workload) if not name.startswith("arn:")}
        near = get_close_matches(target, names, 3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise CommandError(f"no service, task or task definition is called {target!r}{hint}")
    return found


def _names(workload: Workload) -> tuple[str, ...]:
    names = [workload.id, workload.title]
    if workload.cluster is not None:
        names.append(f"{workload.cluster.cluster_name}/{workload.title}")
    if workload.kind != "service":
        names += [workload.definition.task_definition_arn, workload.definition.name]
    if workload.kind == "task-definition":
        names.append(workload.definition.family)
    return tuple(names)


def _cluster(workspace: Workspace, name: str) -> Cluster:
    for cluster in workspace.snapshot.clusters:
        if name in (cluster.cluster_arn, cluster.cluster_name):
            return cluster
    known = ", ".join(cluster.cluster_name for cluster in workspace.snapshot.clusters)
    raise CommandError(f"there is no cluster {name!r}; there are {known or 'none'}")


def _to_deploy(workspace: Workspace, chosen: list[Workload], deployer: str) -> tuple[Judged, ...]:
    from ecsiam_tui.ecs.deployer import to_deploy_all

    principal = principal_of(workspace.account, deployer)
    found = workspace.needs
    return found.judge.all(to_deploy_all(chosen, principal, found.around))


# Of a file --------------------------------------------------------------------------------------------------


def _of_file(
    target: str,
    where: Where,
    cluster: str | None,
    launch_type: Launch | None,
    exec_enabled: bool,
    deployer: str | None,
    *,
    live: bool,
) -> Asked:
    from ecsiam_tui.account.references import Home
    from ecsiam_tui.ecs.definition_file import DefinitionError, parse
    from ecsiam_tui.ecs.from_file import guess_home, looks_like_exec, workloads
    from ecsiam_tui.ecs.requirements import of_workload
    from ecsiam_tui.workspace import Workspace

    data = _read(target)
    text = data.decode("utf-8", "replace")
    verified = live or where != Where()
    home = guess_home(text)
    workspace = Workspace(where.load().snapshot if verified else _nothing(home.account))
    found = workspace.snapshot
    if verified:
        regions = found.regions or ("*",)
        home = Home(found.partition, home.region if home.region in regions else regions[0], found.account_id)
    elif deployer is not None or cluster is not None:
        raise CommandError(
            "--deployer and --cluster of a file need an account: --live, --snapshot, --demo, …"
        )
    try:
        parsed = parse(data, target, home=home)
    except DefinitionError as error:
        raise CommandError(str(error)) from error
    if not parsed.definitions:
        runs = ", ".join(one.task_definition or one.service_name for one in parsed.services)
        raise CommandError(f"{target}: it holds a service and no task definition; give the file of {runs}")
    exec_enabled = exec_enabled or bool(_EXEC_IS_ON.search(text))
    for problem in parsed.problems:
        if exec_enabled and problem.path.endswith("enableExecuteCommand"):
            continue  # no member of a task definition, but it is heard
        print(visible(f"{target}: {problem.path}: {problem.message}".replace(": :", ":")), file=sys.stderr)
    made = workloads(
        parsed,
        workspace.needs.around,
        cluster=_cluster(workspace, cluster) if cluster else None,
        launch_type=launch_type.value if launch_type else None,
        exec_enabled=exec_enabled,
    )
    if deployer is not None:
        return Asked(_to_deploy(workspace, made, deployer), parsed.placeholders, found.account_id)
    around, judge = workspace.needs.around, workspace.needs.judge
    judged: list[Judged] = []
    for workload in made:
        asked = list(of_workload(workload, around))
        if not workload.exec_enabled and looks_like_exec(workload.definition):
            might = msgspec.structs.replace(workload, exec_enabled=True)
            asked += [
                msgspec.structs.replace(
                    one, necessity="optional", why="only with ECS Exec, for which initProcessEnabled is set"
                )
                for one in of_workload(might, around)
                if one.id.startswith("EXEC")
            ]
        alone = workload.definition.task_definition_arn in parsed.fragments
        judged += _of_fragment(asked) if alone else judge.all(asked) if verified else _unverified(asked)
    open_texts = tuple(placeholder.text for placeholder in parsed.placeholders if placeholder.text)
    return Asked(
        tuple(_unresolved(one, open_texts) for one in judged),
        parsed.placeholders,
        home.account,
        verified,
    )


def _read(target: str) -> bytes:
    try:
        if target == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with Path(target).open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{target}: cannot be read: {error.strerror}") from error


def _nothing(account: str) -> Snapshot:
    """An account of which nothing is known."""
    from datetime import UTC, datetime

    from ecsiam_tui.account.snapshot import Gap, Snapshot

    unknown = ("roles", "users", "groups", "policies", "clusters", "services", "pull_through_cache_rules")
    gap = Gap(call="none", reason="cancelled", unknown=unknown)
    return Snapshot(account_id=account, taken_at=datetime.now(UTC), gaps=(gap,))


def _unverified(asked: list[Requirement]) -> Iterator[Judged]:
    """What no account was asked about: only a role that a file forgets is seen to be missing."""
    from ecsiam_tui.ecs.judge import KIND_WORDS
    from ecsiam_tui.ecs.requirement import Judged

    for one in asked:
        if not one.principal and one.role_kind in ("task-execution", "task"):
            yield Judged(one, "missing", f"the file names no {KIND_WORDS[one.role_kind]}")
        else:
            yield Judged(one, "unknown")


def _of_fragment(asked: list[Requirement]) -> Iterator[Judged]:
    """What container definitions alone need: their roles stand elsewhere."""
    from ecsiam_tui.ecs.judge import KIND_WORDS
    from ecsiam_tui.ecs.requirement import Judged

    for one in asked:
        yield Judged(one, "unknown", f"the {KIND_WORDS[one.role_kind]} is not in this file")


def _unresolved(judged: Judged, placeholders: tuple[str, ...]) -> Judged:
    """What rests on a placeholder is not known, whatever the policies say."""
    asked = judged.requirement
    if asked.open or any(text in asked.resource or text in asked.principal for text in placeholders):
        return msgspec.structs.replace(judged, status="unknown", note="rests on a placeholder", decision=None)
    return judged
