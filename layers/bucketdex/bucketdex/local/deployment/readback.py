"""From what the emulated CloudFormation answered about each resource to the facts of a `Deployment`."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from bucketdex.local.deployment import Deployment, EventSource, FixedResponse, Function, Queue, Route, StateMachine
from bucketdex.local.deployment.answers import Answer, convert, function_of
from bucketdex.local.deployment.schedules import schedules
from bucketdex.local.state import StackError

LAMBDA_TIMEOUT, LAMBDA_MEMORY, SQS_VISIBILITY = 3, 128, 30  # what AWS takes where a template says nothing
UNBOUNDED = 1000  # invocations at a time of an event source without a maximum


class _Environment(msgspec.Struct, frozen=True, rename="pascal"):
    variables: dict[str, str | int | float | bool] = {}


class _Function(msgspec.Struct, frozen=True, rename="pascal"):
    handler: str
    timeout: float = LAMBDA_TIMEOUT
    memory_size: int = LAMBDA_MEMORY
    environment: _Environment = _Environment()
    layers: list[str] = []
    role: str = ""


class _Scaling(msgspec.Struct, frozen=True, rename="pascal"):
    maximum_concurrency: int = UNBOUNDED


class _Mapping(
    msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True
):  # what a local poller does not do, fails
    event_source_arn: str
    function_name: str
    batch_size: int = 10
    maximum_batching_window_in_seconds: float = 0
    function_response_types: list[str] = []
    scaling_config: _Scaling = _Scaling()
    enabled: bool = True
    tags: Any = None


class _PathPattern(msgspec.Struct, frozen=True, rename="pascal"):
    values: list[str]


class _Condition(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    field: str
    path_pattern_config: _PathPattern | None = None
    values: list[str] = []


class _FixedResponse(msgspec.Struct, frozen=True, rename="pascal"):
    status_code: int
    content_type: str = "text/plain"
    message_body: str = ""


class _Action(msgspec.Struct, frozen=True, rename="pascal"):
    type: str
    target_group_arn: str = ""
    fixed_response_config: _FixedResponse | None = None


class _Listener(msgspec.Struct, frozen=True, rename="pascal"):
    default_actions: list[_Action]


class _Rule(msgspec.Struct, frozen=True, rename="pascal"):
    priority: int
    conditions: list[_Condition]
    actions: list[_Action]
    listener_arn: str = ""


class _StateMachine(msgspec.Struct, frozen=True, rename="pascal"):
    definition_string: str  # the emulator knows no other form of the definition
    role_arn: str
    state_machine_type: Literal["STANDARD"] = "STANDARD"  # executions of the other kind cannot be listed


class _Target(msgspec.Struct, frozen=True, rename="pascal"):
    id: str


class _Attribute(msgspec.Struct, frozen=True, rename="pascal"):
    key: str
    value: str


class _TargetGroup(msgspec.Struct, frozen=True, rename="pascal"):
    targets: list[_Target] = []
    target_group_attributes: list[_Attribute] = []


def read_back(outputs: Mapping[str, str], folders: Mapping[str, str], edge_url: str, opensearch_url: str) -> Deployment:
    """Return the facts of a created stack from its outputs, each the JSON of an `Answer` under its logical id."""
    answers = {name: msgspec.json.decode(text, type=Answer) for name, text in outputs.items()}

    def of_type(kind: str) -> dict[str, Answer]:
        return {name: it for name, it in answers.items() if it.type == kind}

    queues = _queues(of_type("AWS::SQS::Queue"), edge_url)
    # `Ref` of a queue is its address in the real AWS; an AWS client would get along, any other would not.
    urls = {answers[queue.logical_id].id: queue.url for queue in queues}
    edges = {"BUCKETDEX_OPENSEARCH_URL": opensearch_url, "BUCKETDEX_OPENSEARCH_AUTH": "none"}
    functions = of_type("AWS::Lambda::Function")
    rules = of_type("AWS::ElasticLoadBalancingV2::ListenerRule")
    return Deployment(
        functions=tuple(_function(name, it, folders, urls, edges) for name, it in functions.items()),
        event_sources=tuple(
            _event_source(name, it, functions, queues)
            for name, it in of_type("AWS::Lambda::EventSourceMapping").items()
        ),
        queues=queues,
        routes=tuple(sorted(_routes(rules, answers, functions), key=lambda route: route.priority)),
        tables={name: it.id for name, it in of_type("AWS::DynamoDB::Table").items()},
        default=_default(of_type("AWS::ElasticLoadBalancingV2::Listener"), rules),
        state_machines=tuple(
            _state_machine(name, it) for name, it in of_type("AWS::StepFunctions::StateMachine").items()
        ),
        schedules=tuple(schedules(of_type("AWS::Events::Rule"), functions)),
    )


def _function(
    logical_id: str,
    answer: Answer,
    folders: Mapping[str, str],
    urls: Mapping[str, str],
    edges: Mapping[str, str],
) -> Function:
    told = convert(logical_id, answer.properties, _Function)
    variables = {name: str(it) for name, it in told.environment.variables.items()}
    return Function(
        logical_id=logical_id,
        name=answer.id,
        arn=answer.arn,
        handler=told.handler,
        code=folders[logical_id],
        # A layer of someone else (an ARN) is not here; what it holds has to be installed beside bucketdex.
        layers=tuple(folders[it] for it in told.layers if it in folders),
        environment={name: edges.get(name, urls.get(value, value)) for name, value in variables.items()},
        timeout=told.timeout,
        memory=told.memory_size,
        role=told.role,
    )


def _event_source(
    logical_id: str, answer: Answer, functions: Mapping[str, Answer], queues: Iterable[Queue]
) -> EventSource:
    mapping = convert(logical_id, answer.properties, _Mapping)
    queue = next((it for it in queues if it.arn == mapping.event_source_arn), None)
    if queue is None:
        raise StackError(f"{logical_id}: {mapping.event_source_arn} is not a queue of this template")
    return EventSource(
        logical_id=logical_id,
        queue=queue.logical_id,
        queue_url=queue.url,
        queue_arn=queue.arn,
        function=function_of(mapping.function_name, functions, logical_id),
        batch_size=mapping.batch_size,
        window=mapping.maximum_batching_window_in_seconds,
        concurrency=mapping.scaling_config.maximum_concurrency,
        reports_item_failures="ReportBatchItemFailures" in mapping.function_response_types,
        enabled=mapping.enabled,
    )


def _state_machine(logical_id: str, answer: Answer) -> StateMachine:
    told = convert(logical_id, answer.properties, _StateMachine)
    return StateMachine(logical_id, answer.name, answer.id, told.role_arn, told.definition_string)


def _queues(answers: Mapping[str, Answer], edge_url: str) -> tuple[Queue, ...]:
    by_arn = {it.arn: name for name, it in answers.items()}
    redrives = {name: it.properties.get("RedrivePolicy") or {} for name, it in answers.items()}
    targets = {name: by_arn.get(it.get("deadLetterTargetArn", "")) for name, it in redrives.items()}
    return tuple(
        Queue(
            logical_id=name,
            name=it.queue_name,
            url=f"{edge_url}/{it.arn.split(':')[4]}/{it.queue_name}",
            arn=it.arn,
            visibility=float(it.properties.get("VisibilityTimeout", SQS_VISIBILITY)),
            dead_letters=targets[name],
            max_receives=int(redrives[name]["maxReceiveCount"]) if targets[name] else None,
            holds_dead_letters=name in targets.values(),
        )
        for name, it in answers.items()
    )


def _routes(
    rules: Mapping[str, Answer], answers: Mapping[str, Answer], functions: Mapping[str, Answer]
) -> Iterable[Route]:
    groups = {it.id: it for it in answers.values() if it.type == "AWS::ElasticLoadBalancingV2::TargetGroup"}
    for logical_id, answer in rules.items():
        rule = convert(logical_id, answer.properties, _Rule)
        if [it.field for it in rule.conditions] != ["path-pattern"] or [it.type for it in rule.actions] != ["forward"]:
            raise StackError(f"{logical_id}: a local route has one path-pattern condition and forwards to a function")
        arn, condition = rule.actions[0].target_group_arn, rule.conditions[0]
        group = convert(logical_id, groups[arn].properties, _TargetGroup)
        attributes = {it.key: it.value for it in group.target_group_attributes}
        yield Route(
            logical_id=logical_id,
            priority=rule.priority,
            paths=tuple(condition.path_pattern_config.values if condition.path_pattern_config else condition.values),
            function=function_of(group.targets[0].id, functions, logical_id),
            target_group_arn=arn,
            multi_value=attributes.get("lambda.multi_value_headers.enabled") == "true",
        )


def _default(listeners: Mapping[str, Answer], rules: Mapping[str, Answer]) -> FixedResponse | None:
    """Return what the listener of the rules answers by itself; one without rules is not here."""
    with_rules = {it.properties.get("ListenerArn") for it in rules.values()}
    for logical_id, answer in listeners.items():
        if answer.id not in with_rules:
            continue
        told = convert(logical_id, answer.properties, _Listener).default_actions[0].fixed_response_config
        if told is None:
            raise StackError(f"{logical_id}: the default action of a local listener is a fixed-response")
        return FixedResponse(told.status_code, told.content_type, told.message_body)
    return None
