"""One statement of an error text, explained from the text alone."""

import re
from collections.abc import Iterator
from typing import Literal

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.redact import scrub_text
from ecsiam_tui.ecs.errors import names, operations, wording
from ecsiam_tui.ecs.errors.denial import Denial, denials, layer_of
from ecsiam_tui.ecs.errors.explained import Category, Explained, Roles
from ecsiam_tui.ecs.errors.normal import squeeze
from ecsiam_tui.ecs.errors.recogniser import DENIED, Compiled, Recogniser, best, compiled
from ecsiam_tui.ecs.errors.table_calls import DENIALS, DISCOVERY
from ecsiam_tui.ecs.errors.table_credentials import CREDENTIALS
from ecsiam_tui.ecs.errors.table_exec import ECS_EXEC
from ecsiam_tui.ecs.errors.table_images import IMAGES
from ecsiam_tui.ecs.errors.table_network import NETWORK, THROTTLING
from ecsiam_tui.ecs.errors.table_placement import OTHERS, PLACEMENT
from ecsiam_tui.ecs.errors.table_roles import CALLS, TRUST
from ecsiam_tui.ecs.errors.table_secrets import SECRETS
from ecsiam_tui.ecs.errors.table_storage import LOGS_AND_FILES
from ecsiam_tui.ecs.errors.table_tools import TOOLS
from ecsiam_tui.ecs.errors.words import VOCABULARY
from ecsiam_tui.ecs.requirement import RoleKind

_RECOGNISERS = [
    recogniser
    for table in (
        IMAGES,
        LOGS_AND_FILES,
        SECRETS,
        ECS_EXEC,
        TRUST,
        CALLS,
        CREDENTIALS,
        NETWORK,
        THROTTLING,
        PLACEMENT,
        TOOLS,
        DENIALS,
        DISCOVERY,
        OTHERS,
    )
    for recogniser in table
]
TABLE: tuple[Compiled, ...] = tuple(
    compiled(recogniser) for recogniser in sorted(_RECOGNISERS, key=lambda found: -found.rank)
)
"""Every recogniser by rank. Among equals the first wins."""

RANKS = {recogniser.id: recogniser.rank for recogniser in _RECOGNISERS}

_KEPT = 1500
_ENCODED = re.compile(
    r"(?i)(encoded\s+authorization\s+(?:failure\s+)?message:?\s*)([\w+/=-]{40,}(?:\s[\w+/=-]{40,})*)"
)
# "the role that was provided", "an IAM role for services": what follows is no name.
_NO_NAMES = (
    "that with is to for and or in of which cannot provided defined exist exists being has must does from"
    " policy validation arn session not name named arns a an the this your its as by on at"
)
_ROLE_ARN = re.compile(r"\brole(?:\s+arn)?:?\s+[\"'(\[]+(arn:[^\s\"')\]]{8,2048})", re.I)
_ROLE_NAME = re.compile(
    r"\brole(?:\s+(?:with\s+name|named|arn))?:?\s+[\"'(\[]?"
    rf"(?!(?:{_NO_NAMES.replace(' ', '|')})\b)([\w+=,.@/-]{{1,128}})",
    re.I,
)
_PARAMETERS = re.compile(
    r"(?:invalid\s+(?:ssm\s+)?parameters|ParameterNotFound):?\s*([\w./,\s-]{1,300}?)(?:\]|\"|'|\)|$|\.\s)",
    re.I,
)
_CLOSEST = re.compile(
    r"(?:closest matching\s*)?\(?container.instance [^\s)]{1,80}\)? (?:has|is|encountered)\s+"
    r"(.{3,160}?)(?:\. |\.?$)",
    re.I,
)
_RESOURCE_SHORT = re.compile(r"RESOURCE:\s*(\w+)")
_TASK_SESSION = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SESSIONS: dict[str, RoleKind] = {
    "ecstaskvolumesforebs": "infrastructure",
    "ecsserviceconnectfortls": "infrastructure",
    "ecsnetworkingwithvpclattice": "infrastructure",
    "ecsmanagedinstancesforcompute": "infrastructure",
    "ecsnetworkingwithelb": "infrastructure",
    "ecs-service-scheduler": "service",
}
_AGENT_ACTIONS = (
    "ecs:registercontainerinstance",
    "ecs:deregistercontainerinstance",
    "ecs:discoverpollendpoint",
    "ecs:poll",
    "ecs:starttelemetrysession",
    "ecs:updatecontainerinstancesstate",
    "ecs:submit",
)
# A line that its writer marked as information is no error unless it has a word for one.
_ROUTINE = re.compile(
    r"(?:[^A-Za-z]*|[\dTZ:.,+\-/\s\[\]()]{1,60})(?:INFO|DEBUG|TRACE|NOTICE|VERBOSE)\b"
    r"|.{0,200}?\b(?:level|severity|lvl)[\"']?\s?[:=]\s?[\"']?(?:info|debug|trace|notice)\b",
    re.I,
)
_TROUBLE = re.compile(
    r"(?i)exception|\berrors?\b|error:|\bfail|denied|\bunable|cannot|can't|could not|couldn't"
    r"|not authori[sz]ed|unauthori[sz]ed|refused|forbidden|rate exceeded|throttl|unhealthy|\bfatal|\bpanic"
    r"|timed out|i/o timeout|exited with code (?!0\b)"
)
_STARTING = (
    "resourceinit",
    "cannotpull",
    "executionresource",
    "registryauth",
    "cloudwatchlogstream",
    "cloudwatchloggroup",
    "loggerargs",
    "loggingdriver",
    "fetchingsecretdata",
    "secretfromasm",
    "secretsfromssm",
)
_OTHER_REGISTRIES = (
    "docker.io",
    "registry-1.docker",
    "ghcr.io",
    "quay.io",
    "gcr.io",
    "pkg.dev",
    "gitlab",
    "azurecr.io",
    "mcr.micro",
)


def statement(text: str, whole: str, roles: Roles) -> Iterator[Explained]:
    """What one statement says; nothing where it says nothing of an error. `whole` is the squeezed text that
    it stands in, which may tell whose role acts."""
    squeezed = squeeze(text)
    shown = _shown(text)
    found = list(denials(text)) if "notauthori" in squeezed else []
    if found:
        context = best(TABLE, text, squeezed)
        for denial in found:
            yield _of_denial(denial, context, squeezed, whole, shown, roles)
        return
    recogniser = best(TABLE, text, squeezed)
    if recogniser is not None and not (_ROUTINE.match(text[:300]) and not _TROUBLE.search(text)):
        yield _of_recogniser(recogniser, text, squeezed, shown, roles)


def encoded_messages(text: str) -> Iterator[str]:
    """The encoded authorization messages in a text."""
    for match in _ENCODED.finditer(text):
        yield re.sub(r"\s", "", match[2])


def _shown(text: str) -> str:
    """The statement for a person: short, without secrets and long ciphers."""
    text = _ENCODED.sub(r"\1(encoded)", text[: 4 * _KEPT])
    text = scrub_text(text)
    return text if len(text) <= _KEPT else f"{text[:_KEPT]}…"


def _of_denial(
    denial: Denial, context: Recogniser | None, squeezed: str, whole: str, shown: str, roles: Roles
) -> Explained:
    kind = _kind(denial, squeezed, whole)
    role = denial.caller.role or ("" if denial.caller.arn else roles.get(kind, "") if kind else "")
    who = wording.actor(role, denial.caller.arn, kind)
    category: Category = "permission"
    told = wording.fixes(who, denial.action, denial.resource, denial.layer, denial.explicit, denial.policy)
    if _is_assuming(denial) and denial.layer in ("", "resource") and not denial.explicit:
        category = "trust"
        target = denial.resource or "the role"
        if not denial.caller.arn and denial.resource.startswith("arn:"):
            role = denial.resource
        told = (
            f"let {who} assume {target} in its trust policy",
            f"allow {denial.action} on {target} to {who}",
        )
    if context is not None and context.id == "kms-denied":
        told = (*told, "let the key policy allow the role or the account")
    return Explained(
        category=category,
        role=role,
        action=denial.action,
        resource=denial.resource,
        layer=denial.layer,
        summary=wording.denied(who, denial.action, denial.resource, denial.layer, denial.explicit),
        fixes=told,
        role_kind=kind,
        principal=denial.caller.arn,
        rule="not-authorized",
        source=DENIED,
        text=shown,
    )


def _is_assuming(denial: Denial) -> bool:
    return denial.action.lower().startswith(("sts:assumerole", "sts:tagsession", "sts:setsourceidentity"))


def _kind(denial: Denial, squeezed: str, whole: str) -> RoleKind | Literal[""]:
    """In which part the caller acts, as far as action, session and the words around tell."""
    action, session = denial.action.lower(), denial.caller.session.lower()
    name = short_name(denial.caller.role)
    if session in _SESSIONS:
        return _SESSIONS[session]
    if name.startswith("AWSServiceRoleFor"):
        return "service"
    if action.startswith(_AGENT_ACTIONS) or re.match(r"i-[0-9a-f]{8}", session):
        return "container-instance"
    if action.startswith(("ssmmessages:", "elasticfilesystem:client")):
        return "task"
    if action.startswith("iam:passrole"):
        return "deployer"
    if _is_start(squeezed):
        return "task-execution"
    if action.startswith(("ecs:", "codedeploy:", "application-autoscaling:")):
        return "deployer"
    if "exec" in name.lower():
        return "task-execution"
    if session and _TASK_SESSION.fullmatch(session):
        at_start = "resourceinit" in whole or "cannotpull" in whole
        return "task-execution" if at_start or action.startswith("ecr:") else "task"
    return ""


def _is_start(squeezed: str) -> bool:
    """Whether a text is about what the task execution role does before a task starts."""
    return any(word in squeezed for word in _STARTING)


def _of_recogniser(found: Recogniser, text: str, squeezed: str, shown: str, roles: Roles) -> Explained:
    action, service = operations.operation(text)
    action = found.action or action
    kind = found.kind or ("task-execution" if found.id == "kms-denied" and _is_start(squeezed) else "")
    category, summary, fixes = found.category, found.summary, found.fixes
    if found.id.startswith("pull-") and _other_registry(squeezed):
        action, kind = "", ""
        if category == "permission":
            category = "configuration"
            summary = "The registry refuses the image. It is not Amazon ECR: IAM has no part in it."
            fixes = (
                "name the registry's credentials with repositoryCredentials, or correct the image's name",
            )
    explicit, layer = layer_of(text) if category == "permission" else (False, "")
    known = names.callers(text)
    role, principal = (known[-1].role, known[-1].arn) if known else ("", "")
    if not role and not principal:
        role = _role_name(text) if found.names == "role" else _certain_role(found, text)
    if not role and not principal and kind:
        role = roles.get(kind, "")
    resource = _resource(found, text)
    if found.id == "pass-role":  # the role that the text names is the one to be passed on
        resource, role = (role if role.startswith("arn:") else ""), ""
    if found.category == "trust":
        resource = role if role.startswith("arn:") else ""
    who = wording.actor(role, principal, kind)
    if found.id == "denied":
        summary = wording.denied(
            who, action or (f"call {service}" if service else ""), resource, layer, explicit
        )
        fixes = wording.fixes(who, action, resource, layer, explicit)
        if service == "s3" or action.startswith("s3:"):
            fixes += _S3_DENIED
    if found.category == "trust" and not role:
        who = "the role"
    parts = {"resource": resource or "the resource", "role": who, "what": _what(found, text)}
    return Explained(
        category=category,
        role=role,
        action=action,
        resource=resource,
        layer=layer,
        summary=_filled(summary, parts),
        fixes=tuple(_filled(fix, parts) for fix in fixes),
        role_kind=kind,
        principal=principal,
        rule=found.id,
        source=found.source,
        text=shown,
    )


_SERVICE_OF = {"parameter": "ssm", "log-group": "logs", "file-system": "elasticfilesystem", "key": "kms"}
_S3_DENIED = (
    "check that bucket and object exist: S3 says Access Denied of what is not there to those who may not"
    " list",
    "check the bucket policy, Block Public Access, and the key policy of an encrypted object",
)


def _filled(template: str, parts: dict[str, str]) -> str:
    for name, value in parts.items():
        template = template.replace(f"{{{name}}}", value)
    return template.replace(": .", ".")


def _other_registry(squeezed: str) -> bool:
    return "dkr.ecr" not in squeezed and any(name in squeezed for name in _OTHER_REGISTRIES)


def _role_name(text: str) -> str:
    quoted = _ROLE_ARN.search(text)
    if quoted:
        return names.tidy(quoted[1])
    match = _ROLE_NAME.search(text)
    name = names.tidy(match[1]) if match else ""
    return "" if name in VOCABULARY else name


def _certain_role(found: Recogniser, text: str) -> str:
    """The role that a denied call was made by, where the text has "role" and what can only be a name."""
    if found.category != "permission":
        return ""
    name = _role_name(text)
    return name if re.search(r"[A-Z\d_-]", name) else ""


def _resource(found: Recogniser, text: str) -> str:
    """The thing that the text names, of the kind that the recogniser expects."""
    kind = found.names
    if kind == "image":
        return names.repository(text)
    if kind == "secret":
        return next((names.secret(arn) for arn in names.arns(text, "secretsmanager")), "")
    if kind in ("parameter", "log-group", "file-system", "key"):
        service = {"parameter": "ssm", "log-group": "logs", "file-system": "elasticfilesystem", "key": "kms"}[
            kind
        ]
        return next(iter(names.arns(text, service)), "")
    if kind == "object" or (found.id == "denied" and "s3" in text.lower()):
        return next(iter(names.arns(text, "s3")), "") or names.s3_object(text)
    if found.id == "denied":
        return names.queue(text)
    if kind == "any":
        told = [arn for arn in names.arns(text) if ":sts:" not in arn and ":task/" not in arn]
        return names.secret(told[0]) if told else names.repository(text)
    return ""


def _what(found: Recogniser, text: str) -> str:
    if found.id == "parameter-missing":
        match = _PARAMETERS.search(text)
        return match[1].strip() if match else next(iter(names.arns(text, "ssm")), "it is not named")
    match = _CLOSEST.search(text) or _RESOURCE_SHORT.search(text)
    return match[1].strip(" .") if match else "none fits"
