"""What `template.yaml` became on this machine: the facts that pollers, processes, routes and commands work from."""

import msgspec


class Function(msgspec.Struct, frozen=True):
    """A Lambda function: what to run and with which environment."""

    logical_id: str
    name: str
    arn: str
    handler: str
    code: str  # folder
    layers: tuple[str, ...]  # folders, in the order of the template
    environment: dict[str, str]
    timeout: float  # seconds
    memory: int  # MB, told to the function but not enforced
    role: str = ""  # ARN

    @property
    def role_name(self) -> str:
        """The name of its role, which its processes have as their access key."""
        return self.role.rpartition("/")[2]


class EventSource(msgspec.Struct, frozen=True):
    """An event source mapping: which queue's messages a function gets, and how many at a time."""

    logical_id: str
    queue: str  # logical id
    queue_url: str
    queue_arn: str
    function: str  # logical id
    batch_size: int
    window: float  # seconds
    concurrency: int  # invocations at a time that the template allows
    reports_item_failures: bool
    enabled: bool


class Schedule(msgspec.Struct, frozen=True):
    """A rule that invokes a function again and again."""

    logical_id: str
    arn: str
    seconds: float
    function: str  # logical id
    enabled: bool


class Queue(msgspec.Struct, frozen=True):
    """A queue and, where it has one, the queue of its dead letters."""

    logical_id: str
    name: str
    url: str
    arn: str
    visibility: float  # seconds
    dead_letters: str | None  # logical id
    max_receives: int | None
    holds_dead_letters: bool


class Route(msgspec.Struct, frozen=True):
    """A rule of the load balancer's listener: the paths that a function answers."""

    logical_id: str
    priority: int
    paths: tuple[str, ...]  # patterns with * and ?
    function: str  # logical id
    target_group_arn: str
    multi_value: bool  # lists of header and query values, as the target group's attribute says


class FixedResponse(msgspec.Struct, frozen=True):
    """What a listener answers by itself where no rule of it matches."""

    status: int
    content_type: str
    body: str


class StateMachine(msgspec.Struct, frozen=True):
    """A Step Functions state machine, which the emulated AWS runs."""

    logical_id: str
    name: str
    arn: str
    role_arn: str
    definition: str  # JSON of the Amazon States Language


class Deployment(msgspec.Struct, frozen=True):
    """All that was made of one template."""

    functions: tuple[Function, ...]
    event_sources: tuple[EventSource, ...]
    queues: tuple[Queue, ...]
    routes: tuple[Route, ...]
    tables: dict[str, str]  # logical id: name
    default: FixedResponse | None = None  # None without a listener
    state_machines: tuple[StateMachine, ...] = ()
    schedules: tuple[Schedule, ...] = ()
