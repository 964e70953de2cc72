"""Where tasks run: ECS container instances, and the EC2 instances and external machines behind them."""

from datetime import datetime

from ecsiam_tui.account.records import AwsPascal, Record
from ecsiam_tui.account.tasks import Attribute


class ContainerInstance(Record, frozen=True, kw_only=True):
    """An instance registered with a cluster; its attributes prove what its agent can do."""

    container_instance_arn: str
    cluster_arn: str
    ec2_instance_id: str | None = None
    capacity_provider_name: str | None = None
    status: str | None = None
    agent_connected: bool = False
    running_tasks_count: int = 0
    pending_tasks_count: int = 0
    attributes: tuple[Attribute, ...] = ()
    registered_at: datetime | None = None
    tags: dict[str, str] = {}


class MetadataOptions(AwsPascal, frozen=True, kw_only=True):
    """How the instance metadata service of an EC2 instance is set."""

    state: str | None = None
    http_tokens: str | None = None
    http_put_response_hop_limit: int | None = None
    http_endpoint: str | None = None


class IamInstanceProfile(AwsPascal, frozen=True, kw_only=True):
    """The instance profile of an EC2 instance."""

    arn: str
    id: str | None = None


class Instance(AwsPascal, frozen=True, kw_only=True):
    """An EC2 instance that is a container instance."""

    instance_id: str
    region: str = ""
    instance_type: str | None = None
    iam_instance_profile: IamInstanceProfile | None = None
    metadata_options: MetadataOptions | None = None
    subnet_id: str | None = None
    vpc_id: str | None = None
    launch_time: datetime | None = None
    tags: dict[str, str] = {}


class Activation(AwsPascal, frozen=True, kw_only=True):
    """A Systems Manager activation: how external instances (`mi-…`) get their role."""

    activation_id: str
    region: str = ""
    iam_role: str | None = None
    description: str | None = None
    default_instance_name: str | None = None
    expired: bool = False


class ManagedNode(AwsPascal, frozen=True, kw_only=True):
    """An external instance that Systems Manager manages, with the role it was activated with."""

    instance_id: str
    region: str = ""
    iam_role: str | None = None
    activation_id: str | None = None
    computer_name: str | None = None
