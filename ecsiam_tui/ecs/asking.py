"""Writing requirements down: which role acts for a workload, and in what region."""

from collections.abc import Iterator, Mapping

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.references import Home, ValueFrom, parse_value_from
from ecsiam_tui.ecs.open_references import object_arns, open_secret
from ecsiam_tui.ecs.requirement import Necessity, Requirement, RoleKind
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.ecs.workloads import Workload

DEVELOPER_GUIDE = "Amazon ECS Developer Guide"
EXECUTION_ROLE = f'{DEVELOPER_GUIDE}, "Amazon ECS task execution IAM role"'
KMS_SOURCE = "AWS managed keys need no permission; customer managed keys need kms:Decrypt: " + EXECUTION_ROLE
NO_KEY = frozenset({"alias/aws/secretsmanager", "alias/aws/ssm", "alias/aws/s3"})


class Asks:
    """What one workload asks for. Each method gives requirements for one of its roles."""

    def __init__(self, workload: Workload, around: Surroundings) -> None:
        self.workload = workload
        self.around = around
        self.home: Home = workload.home

    def by(
        self,
        role_kind: RoleKind,
        principal: str,
        row: str,
        actions: tuple[str, ...],
        resource: str,
        why: str,
        source: str,
        *,
        context: Mapping[str, str] | None = None,
        necessity: Necessity = "required",
        others: tuple[str, ...] = (),
        open_text: str = "",
    ) -> Iterator[Requirement]:
        """One requirement an action."""
        parsed = parse_arn(resource)
        known = {"aws:RequestedRegion": parsed.region if parsed and parsed.region else self.home.region}
        if parsed and parsed.service == "s3" and self._bucket_region(resource):
            known = {}  # the account knows where the bucket is
        known.update(context or {})
        for action in actions:
            yield Requirement(
                id=row,
                subject=self.workload.id,
                role_kind=role_kind,
                principal=principal,
                action=action,
                resource=resource,
                why=why,
                source=source,
                context=known,
                necessity=necessity,
                others=others,
                open=open_text,
            )

    def _bucket_region(self, resource: str) -> str:
        bucket = self.around.buckets.get(resource.partition("/")[0])
        return (bucket.region if bucket else None) or ""

    def execution(
        self,
        row: str,
        actions: tuple[str, ...],
        resource: str,
        why: str,
        source: str = EXECUTION_ROLE,
        *,
        context: Mapping[str, str] | None = None,
        necessity: Necessity = "required",
    ) -> Iterator[Requirement]:
        """Of the task execution role, and of it alone."""
        role = self.workload.execution_role
        yield from self.by(
            "task-execution", role, row, actions, resource, why, source, context=context, necessity=necessity
        )

    def host(
        self,
        row: str,
        actions: tuple[str, ...],
        resource: str,
        why: str,
        source: str = EXECUTION_ROLE,
        *,
        necessity: Necessity = "required",
        open_text: str = "",
    ) -> Iterator[Requirement]:
        """Of the task execution role; on EC2 the container instance role stands in where there is none.

        AWS's own pages disagree on who pulls where an EC2 task has both (the page on the task execution role,
        and "CannotPullContainer task errors"); the agent takes the execution role. There the instance role
        is named among the `others`.
        """
        workload = self.workload
        if workload.execution_role or not workload.on_ec2:
            kind: RoleKind = "task-execution"
            roles: tuple[str, ...] = (workload.execution_role,)
            others = workload.instance_roles if workload.on_ec2 else ()
        else:
            kind, roles, others = "container-instance", workload.instance_roles or ("",), ()
        for role in roles:
            yield from self.by(
                kind,
                role,
                row,
                actions,
                resource,
                why,
                source,
                necessity=necessity,
                others=others,
                open_text=open_text,
            )

    def task(
        self,
        row: str,
        actions: tuple[str, ...],
        resource: str,
        why: str,
        source: str,
        *,
        context: Mapping[str, str] | None = None,
        necessity: Necessity = "required",
    ) -> Iterator[Requirement]:
        """Of the task role."""
        role = self.workload.task_role
        yield from self.by(
            "task", role, row, actions, resource, why, source, context=context, necessity=necessity
        )

    def secret(
        self, value_from: str, why: str, row: str = "", action: str = "ssm:GetParameters"
    ) -> Iterator[Requirement]:
        """To read what a `valueFrom` names, and to use the key that encrypts it. What the agent would refuse
        asks for nothing: that is a mistake of another kind. In a file it can be mended yet."""
        if self.workload.from_file and (found := open_secret(value_from)):
            many = len(found.services) > 1
            why = f"{why}, a secret or a parameter, which the file does not say" if many else why
            for service in found.services:
                if service == "ssm":
                    yield from self.execution(row or "SEC2", (action,), found.id, why)
                else:
                    yield from self.secrets_manager(found.id, why, row or "SEC1")
            return
        parsed = parse_value_from(value_from, self.home)
        if parsed.problem:
            return
        if parsed.service == "secretsmanager":
            yield from self.secrets_manager(parsed.id, why, row or "SEC1")
            return
        yield from self.execution(row or "SEC2", (action,), parsed.id, why)
        yield from self._referenced_secret(parsed, why)
        parameter = self.around.parameters.get(parsed.id)
        if parameter is not None and parameter.key_id:
            yield from self.decrypt(parameter.key_id, "ssm", parsed.id, why)

    def _referenced_secret(self, parsed: ValueFrom, why: str) -> Iterator[Requirement]:
        """A parameter that stands for a secret: Systems Manager User Guide, "Referencing AWS Secrets Manager
        secrets from Parameter Store parameters"."""
        _, found, name = parsed.id.partition("parameter/aws/reference/secretsmanager/")
        if found:
            arn = parse_arn(parsed.id)
            home = Home(arn.partition, arn.region, arn.account) if arn else self.home
            yield from self.secrets_manager(home.arn("secretsmanager", f"secret:{name}"), why, "SEC3")

    def secrets_manager(self, arn: str, why: str, row: str) -> Iterator[Requirement]:
        """To read a secret: IAM compares its whole ARN, whatever the task definition writes. What is no ARN
        is a placeholder for one."""
        secret = self.around.secrets.get(arn)
        resource = secret.arn if secret else _with_suffix(arn) if parse_arn(arn) else arn
        yield from self.execution(row, ("secretsmanager:GetSecretValue",), resource, why)
        if secret is not None and secret.kms_key_id:
            yield from self.decrypt(secret.kms_key_id, "secretsmanager", secret.arn, why)

    def decrypt(self, reference: str, service: str, what: str, why: str) -> Iterator[Requirement]:
        """To decrypt with a customer managed key; those of AWS need nothing."""
        parsed = parse_arn(what)
        home = Home(parsed.partition, parsed.region, parsed.account) if parsed else self.home
        arn, key = self.around.key(reference, home)
        if reference in NO_KEY or ":alias/aws/" in reference or (key and key.key_manager == "AWS"):
            return
        context = {"kms:ViaService": f"{service}.{home.region}.{_suffix(home.partition)}"}
        yield from self.execution("SEC4", ("kms:Decrypt",), arn, why, KMS_SOURCE, context=context)

    def s3_file(self, row: str, named: str, why: str, source: str) -> Iterator[Requirement]:
        """To read an object of a bucket; nothing where the text names none."""
        found = object_arns(named, self.home.partition)
        if found is None:
            return
        object_arn, bucket_arn = found
        yield from self.execution(row, ("s3:GetObject",), object_arn, why, source)
        yield from self.execution(row, ("s3:GetBucketLocation",), bucket_arn, why, source)
        bucket = self.around.buckets.get(bucket_arn)
        for rule in (bucket.encryption or {}).get("Rules", ()) if bucket else ():
            by_default = rule.get("ApplyServerSideEncryptionByDefault") or {}
            if by_default.get("SSEAlgorithm", "").startswith("aws:kms") and by_default.get("KMSMasterKeyID"):
                there = self.home._replace(region=self._bucket_region(bucket_arn) or self.home.region)
                yield from self.decrypt(by_default["KMSMasterKeyID"], "s3", there.arn("s3", ""), why)


def _suffix(partition: str) -> str:
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"


def _with_suffix(arn: str) -> str:
    """A secret's ARN as IAM sees it where only its name is known: with six characters that stand for any.

    Secrets Manager User Guide, "What's in a secret": the ARN ends in a hyphen and six random characters. Six
    small letters are hardly random: `jwt-secret`, `app-config` are names.
    """
    _, hyphen, tail = arn.rpartition("-")
    is_word = tail.isascii() and tail.isalpha() and tail.islower() and tail not in _SUFFIXES
    return arn if hyphen and (tail == "*" or (len(tail) == 6 and not is_word)) else f"{arn}-??????"


_SUFFIXES = ("abcdef", "xxxxxx")
"""What people write for six random characters."""
