"""From `template.yaml` to what the emulated CloudFormation gets, and from its answers to the facts of the stack."""

from pathlib import Path

import msgspec
import pytest

from bucketdex.local.deployment import EventSource, FixedResponse, Queue, Route, Schedule, StateMachine
from bucketdex.local.deployment.deploy import Site, parameter_values
from bucketdex.local.deployment.readback import read_back
from bucketdex.local.deployment.template import translate
from bucketdex.local.state import StackError

SAMPLE = Path(__file__).parent.parent / "integration" / "stack_sample" / "template.yaml"
EDGE = "http://127.0.0.1:4000"
SITE = Site("vpc-1", ("subnet-1", "subnet-2"), "sg-1", "arn:cert", "http://127.0.0.1:9200", "arn:domain")


@pytest.fixture(scope="module")
def translated():
    return translate(SAMPLE, "us-east-1")


def written(folder: Path, text: str) -> Path:
    (folder / "template.yaml").write_text(text)
    return folder / "template.yaml"


def test_code_stays_in_its_folders(translated):
    root = SAMPLE.parent
    assert {name: Path(folder) for name, folder in translated.folders.items()} == {
        "GreetingLayer": root / "layers" / "greeting",
        "Worker": root / "functions" / "worker",
        "Step": root / "functions" / "step",
        "Web": root / "functions" / "web",
    }


def test_event_sources_are_taken_out_and_asked_about(translated):
    types = {it["Type"] for it in translated.body["Resources"].values()}
    assert "AWS::Lambda::EventSourceMapping" not in types
    assert {"AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::ElasticLoadBalancingV2::ListenerRule"} <= types
    asked = translated.body["Outputs"]["WorkerWork"]["Value"]["Fn::ToJsonString"]
    assert asked["Properties"]["BatchSize"] == {"Ref": "Batch"}
    assert "Id" not in asked, "nobody can refer to what is not created"


def test_a_function_refers_to_its_layers_by_the_name_in_the_template(translated):
    asked = translated.body["Outputs"]["Web"]["Value"]["Fn::ToJsonString"]
    assert asked["Properties"]["Layers"] == ["GreetingLayer"]


def test_what_depends_on_something_taken_out_waits_for_it_no_more(tmp_path):
    template = written(
        tmp_path,
        """
        Resources:
          Network: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: v, ServiceName: s}}
          Helped: {Type: "Custom::Thing", Properties: {ServiceToken: t}}
          Work: {Type: AWS::SQS::Queue, DependsOn: [Network, Other]}
          Other: {Type: AWS::SQS::Queue, DependsOn: Helped, Condition: Never}
        """,
    )
    body = translate(template, "us-east-1").body
    assert set(body["Resources"]) == {"Work", "Other"}
    assert body["Resources"]["Work"]["DependsOn"] == ["Other"]
    assert "DependsOn" not in body["Resources"]["Other"]
    assert body["Outputs"]["Other"]["Condition"] == "Never"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "is not YAML"),
        ("just text", "has no Resources"),
        ("Resources: {F: {Type: AWS::Serverless::Function, Properties: {InlineCode: x}}}", "must be a folder"),
        ("Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: s3://b/k}}}", "must be a folder"),
        (
            "{Transform: AWS::Serverless-2016-10-31, Resources: "
            "{F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: a.b, Runtime: r, Wrong: 1}}}}",
            "not a valid SAM template: .*Wrong",
        ),
    ],
)
def test_a_template_that_cannot_be_used_says_why(tmp_path, text, says):
    with pytest.raises(StackError, match=says):
        translate(written(tmp_path, text), "us-east-1")


def test_an_absent_folder_of_code_is_named(tmp_path):
    text = "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/f}}}"
    with pytest.raises(StackError, match=r"F: there is no folder .*functions/f"):
        translate(written(tmp_path, text), "us-east-1")


def test_an_absent_template_says_so(tmp_path):
    with pytest.raises(StackError, match=r"absent\.yaml cannot be read"):
        translate(tmp_path / "absent.yaml", "us-east-1")


def test_parameters_get_what_the_emulated_account_has_and_keep_their_defaults():
    parameters = {
        "VpcId": {"Type": "AWS::EC2::VPC::Id"},
        "SubnetIds": {"Type": "List<AWS::EC2::Subnet::Id>"},
        "Groups": {"Type": "List<AWS::EC2::SecurityGroup::Id>"},
        "CertificateArn": {"Type": "String"},
        "OpenSearchUrl": {"Type": "String"},
        "OpenSearchEndpoint": {"Type": "String"},
        "OpenSearchDomainArn": {"Type": "String"},
        "BatchSize": {"Type": "Number", "Default": 100},
    }
    assert parameter_values(parameters, SITE) == {
        "VpcId": "vpc-1",
        "SubnetIds": "subnet-1,subnet-2",
        "Groups": "sg-1",
        "CertificateArn": "arn:cert",
        "OpenSearchUrl": "http://127.0.0.1:9200",
        "OpenSearchEndpoint": "127.0.0.1:9200",
        "OpenSearchDomainArn": "arn:domain",
    }


def test_a_parameter_may_have_another_value_here_than_its_default():
    delay = {"TrailDelaySeconds": {"Type": "Number", "Default": 300}}
    assert parameter_values(delay, SITE) == {"TrailDelaySeconds": "0"}
    assert parameter_values({}, SITE) == {}, "a template without it"


def test_a_parameter_that_nothing_is_known_about_is_named():
    with pytest.raises(StackError, match="parameter Colour"):
        parameter_values({"Colour": {"Type": "String"}}, SITE)


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:s-F-1"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:s-Q-1"
DEAD = "arn:aws:sqs:us-east-1:123456789012:s-D-1"
ANSWERS = {
    "F": {
        "Type": "AWS::Lambda::Function",
        "Id": "s-F-1",
        "Arn": FUNCTION,
        "Properties": {
            "Handler": "app.handler",
            "Role": "arn:aws:iam::123456789012:role/s-FRole-1",
            "Timeout": "60",
            "MemorySize": 512,
            "Layers": ["L", "arn:aws:lambda:us-east-1:999:layer:theirs:1"],
            "Environment": {
                "Variables": {
                    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/s-Q-1",
                    "BUCKETDEX_OPENSEARCH_URL": "https://vpc.es.amazonaws.com",
                    "BUCKETDEX_OPENSEARCH_AUTH": "iam",
                    "COUNT": 3,
                }
            },
        },
    },
    "Q": {
        "Type": "AWS::SQS::Queue",
        "Id": "https://sqs.us-east-1.amazonaws.com/123456789012/s-Q-1",
        "Arn": QUEUE,
        "QueueName": "s-Q-1",
        "Properties": {"VisibilityTimeout": 360, "RedrivePolicy": {"deadLetterTargetArn": DEAD, "maxReceiveCount": 9}},
    },
    "D": {
        "Type": "AWS::SQS::Queue",
        "Id": "https://sqs.us-east-1.amazonaws.com/123456789012/s-D-1",
        "Arn": DEAD,
        "QueueName": "s-D-1",
        "Properties": {},
    },
    "M": {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": QUEUE,
            "FunctionName": "s-F-1",
            "BatchSize": "100",
            "MaximumBatchingWindowInSeconds": 1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": "5"},
        },
    },
    "T": {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Id": "arn:targets",
        "Properties": {
            "Targets": [{"Id": FUNCTION}],
            "TargetGroupAttributes": [{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
        },
    },
    "R": {
        "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Id": "arn:rule",
        "Properties": {
            "ListenerArn": "arn:listener",
            "Priority": "10",
            "Conditions": [{"Field": "path-pattern", "Values": ["/api/*"]}],
            "Actions": [{"Type": "forward", "TargetGroupArn": "arn:targets"}],
        },
    },
    "Listener": {
        "Type": "AWS::ElasticLoadBalancingV2::Listener",
        "Id": "arn:listener",
        "Properties": {
            "DefaultActions": [
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {
                        "StatusCode": "404",
                        "ContentType": "application/json",
                        "MessageBody": "{}",
                    },
                }
            ]
        },
    },
    "Plain": {
        "Type": "AWS::ElasticLoadBalancingV2::Listener",
        "Id": "arn:plain",
        "Properties": {"DefaultActions": [{"Type": "redirect"}]},
    },
    "Table": {"Type": "AWS::DynamoDB::Table", "Id": "s-Table-1", "Properties": {}},
    "S": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Id": "arn:machine",
        "Name": "s-S-1",
        "Properties": {"RoleArn": "arn:role", "DefinitionString": "{}"},
    },
    "Hourly": {
        "Type": "AWS::Events::Rule",
        "Id": "s-Hourly-1",
        "Arn": "arn:hourly",
        "Properties": {"ScheduleExpression": "rate(1 hour)", "Targets": [{"Id": "f", "Arn": FUNCTION}]},
    },
    "Pattern": {
        "Type": "AWS::Events::Rule",
        "Id": "s-Pattern-1",
        "Arn": "arn:pattern",
        "Properties": {"EventPattern": {"source": ["aws.s3"]}, "Targets": [{"Id": "q", "Arn": QUEUE}]},
    },
}


def facts(**changes: dict[str, object]):
    answers = {name: msgspec.json.encode(it | changes.get(name, {})).decode() for name, it in ANSWERS.items()}
    return read_back(answers, {"F": "/code", "L": "/layer"}, EDGE, "http://127.0.0.1:9200")


def changed(name: str, **properties: object) -> dict[str, dict[str, object]]:
    return {name: {"Properties": ANSWERS[name]["Properties"] | properties}}


def test_a_function_has_its_folders_and_the_addresses_of_this_machine():
    (function,) = facts().functions
    assert (function.name, function.timeout, function.memory) == ("s-F-1", 60, 512)
    assert (function.code, function.layers) == ("/code", ("/layer",))
    assert function.role == "arn:aws:iam::123456789012:role/s-FRole-1" and function.role_name == "s-FRole-1"
    assert function.environment == {
        "QUEUE_URL": f"{EDGE}/123456789012/s-Q-1",
        "BUCKETDEX_OPENSEARCH_URL": "http://127.0.0.1:9200",
        "BUCKETDEX_OPENSEARCH_AUTH": "none",
        "COUNT": "3",
    }


def test_queues_know_their_dead_letter_queue():
    assert facts().queues == (
        Queue("Q", "s-Q-1", f"{EDGE}/123456789012/s-Q-1", QUEUE, 360, "D", 9, holds_dead_letters=False),
        Queue("D", "s-D-1", f"{EDGE}/123456789012/s-D-1", DEAD, 30, None, None, holds_dead_letters=True),
    )


def test_event_sources_have_what_the_template_says_also_through_parameters():
    url = f"{EDGE}/123456789012/s-Q-1"
    assert facts().event_sources == (
        EventSource("M", "Q", url, QUEUE, "F", 100, 1, 5, reports_item_failures=True, enabled=True),
    )


@pytest.mark.parametrize("name", ["s-F-1", FUNCTION, f"{FUNCTION}:live"])
def test_a_function_is_known_by_name_arn_and_alias(name):
    assert facts(**changed("M", FunctionName=name)).event_sources[0].function == "F"


def test_routes_lead_to_functions():
    assert facts().routes == (Route("R", 10, ("/api/*",), "F", "arn:targets", multi_value=True),)


def test_where_no_route_matches_the_listener_of_the_rules_answers():
    assert facts().default == FixedResponse(404, "application/json", "{}")
    assert facts(**changed("R", ListenerArn="arn:other")).default is None


def test_state_machines_have_their_definition():
    assert facts().state_machines == (StateMachine("S", "s-S-1", "arn:machine", "arn:role", "{}"),)


def test_tables_are_known_by_their_logical_id():
    assert facts().tables == {"Table": "s-Table-1"}


@pytest.mark.parametrize(
    "change",
    [
        changed("M", FilterCriteria={"Filters": []}),
        changed("M", EventSourceArn="arn:aws:kinesis:us-east-1:123456789012:stream/s"),
        changed("M", FunctionName="other"),
        changed("R", Conditions=[{"Field": "host-header", "Values": ["x"]}]),
        changed("R", Actions=[{"Type": "redirect"}]),
        changed("Listener", DefaultActions=[{"Type": "redirect"}]),
        changed("S", StateMachineType="EXPRESS"),
        changed("S", DefinitionString=None),
    ],
)
def test_what_the_local_stack_does_not_do_fails_with_the_name_of_the_resource(change):
    with pytest.raises(StackError, match=r"^(M|R|Listener|S): "):
        facts(**change)


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [("rate(1 hour)", 3600), ("rate(5 minutes)", 300), ("rate(1 minute)", 60), ("rate(2 days)", 172_800)],
)
def test_schedules_know_their_function_and_how_often(rate, seconds):
    (schedule,) = facts(**changed("Hourly", ScheduleExpression=rate)).schedules
    assert schedule == Schedule("Hourly", "arn:hourly", seconds, "F", enabled=True)


def test_a_schedule_may_be_off_and_one_of_a_queue_is_none_of_ours():
    (schedule,) = facts(**changed("Hourly", State="DISABLED")).schedules
    assert not schedule.enabled
    assert facts(**changed("Hourly", Targets=[{"Id": "q", "Arn": QUEUE}])).schedules == ()


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"ScheduleExpression": "cron(0 3 * * ? *)"}, r"Hourly: the local stack knows schedules like rate\(1 hour\)"),
        ({"Targets": [{"Id": "f", "Arn": f"{FUNCTION}-other"}]}, "is not a function of this template"),
        ({"Targets": [{"Id": "f", "Arn": FUNCTION, "Input": "{}"}]}, "Hourly: the local stack cannot do this: .*Input"),
    ],
)
def test_a_schedule_that_the_local_stack_cannot_run_is_named(properties, says):
    with pytest.raises(StackError, match=says):
        facts(**changed("Hourly", **properties))
