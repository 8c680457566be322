"""`template.yaml` keeps what the design promises, and an emulated CloudFormation makes a stack of it."""

import ast
import json
from collections import Counter
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from bucketdex.aws import settings
from bucketdex.changes.cloudtrail import SWEEPING, WRITES

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
UNKNOWN_TO_MOTO = (
    "AWS::CloudWatch::Alarm",
    "AWS::SQS::QueuePolicy",
    "AWS::S3::BucketPolicy",
    "AWS::CloudTrail::Trail",
)
QUEUES = ("ObjectEvents", "BulkEvents", "PackageEvents", "HashRequests", "TrailFiles")
FOURTEEN_DAYS = 14 * 24 * 60 * 60
ALL = {
    "BUCKETDEX_CONTROL_TABLE",
    "AWS_ENDPOINT_URL",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
}
IN_VPC = ALL | {"BUCKETDEX_OPENSEARCH_URL", "BUCKETDEX_OPENSEARCH_AUTH"}
ALL_QUEUES = {
    f"BUCKETDEX_{name}_{what}"
    for name in ("OBJECT_EVENTS", "BULK_EVENTS", "PACKAGE_EVENTS", "HASH_REQUESTS", "TRAIL_FILES")
    for what in ("URL", "DEAD_LETTERS_URL")
}
ENVIRONMENT = {
    "IndexObjects": IN_VPC
    | {
        "BUCKETDEX_OBJECT_EVENTS_URL",
        "BUCKETDEX_OBJECT_EVENTS_DEAD_LETTERS_URL",
        "BUCKETDEX_BULK_EVENTS_URL",
        "BUCKETDEX_BULK_EVENTS_DEAD_LETTERS_URL",
        "BUCKETDEX_PACKAGE_EVENTS_URL",
        "BUCKETDEX_HASH_REQUESTS_URL",
        "BUCKETDEX_MAX_RECEIVES",
        "BUCKETDEX_S3_CONCURRENCY",
    },
    "IndexPackages": IN_VPC
    | {
        "BUCKETDEX_PACKAGE_EVENTS_URL",
        "BUCKETDEX_PACKAGE_EVENTS_DEAD_LETTERS_URL",
        "BUCKETDEX_MAX_RECEIVES",
        "BUCKETDEX_S3_CONCURRENCY",
    },
    "HashObjects": ALL
    | {
        "BUCKETDEX_HASH_REQUESTS_URL",
        "BUCKETDEX_HASH_REQUESTS_DEAD_LETTERS_URL",
        "BUCKETDEX_BULK_EVENTS_URL",
        "BUCKETDEX_HASH_STATE_MACHINE_ARN",
        "BUCKETDEX_HASH_WHOLE_BYTES",
        "BUCKETDEX_HASH_RANGE_BYTES",
        "BUCKETDEX_MAX_RECEIVES",
        "BUCKETDEX_S3_CONCURRENCY",
    },
    "HashRanges": ALL
    | {
        "BUCKETDEX_BULK_EVENTS_URL",
        "BUCKETDEX_HASH_REQUESTS_DEAD_LETTERS_URL",
        "BUCKETDEX_S3_CONCURRENCY",
    },
    "ReadTrail": IN_VPC
    | {
        "BUCKETDEX_TRAIL_FILES_URL",
        "BUCKETDEX_TRAIL_FILES_DEAD_LETTERS_URL",
        "BUCKETDEX_BULK_EVENTS_URL",
        "BUCKETDEX_TRAIL_DELAY_SECONDS",
        "BUCKETDEX_TRAIL_IDENTITIES",
        "BUCKETDEX_OWN_ROLE_ARNS",
        "BUCKETDEX_MAX_RECEIVES",
        "BUCKETDEX_S3_CONCURRENCY",
    },
    "CheckBuckets": IN_VPC | {"BUCKETDEX_BULK_EVENTS_URL", "BUCKETDEX_OBJECT_EVENTS_URL"},
    "SearchApi": IN_VPC | ALL_QUEUES | {"BUCKETDEX_CORS_ORIGINS"},
    "Catalog": IN_VPC | ALL_QUEUES,
}
# What answers in the VPC, where OpenSearch is; what hashes reads S3 from outside of it.
OUTSIDE = {"HashObjects", "HashRanges"}
# What each function may change in the control table, by the keys that the items begin with.
WRITTEN = {
    "IndexObjects": {"live"},
    "IndexPackages": set(),
    "HashObjects": {"digest#*"},
    "HashRanges": {"digest#*"},
    "ReadTrail": {"check"},
    "CheckBuckets": {"check"},
    "SearchApi": set(),
    "Catalog": set(),
}


@pytest.fixture(scope="module")
def template():
    return yaml_parse((ROOT / "template.yaml").read_text())


@pytest.fixture(scope="module")
def translated():
    """What SAM makes of the template; code is said to be in a bucket, as `sam package` would put it there."""
    sam = yaml_parse((ROOT / "template.yaml").read_text())
    for name, resource in sam["Resources"].items():
        for where in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][where] = f"s3://code/{name}"
    managed = {name: f"arn:aws:iam::aws:policy/{name}" for name in ("AWSXrayWriteOnlyAccess",)}
    return Translator(managed, Parser(), boto_session=boto3.Session(region_name=REGION)).translate(sam, {})


@pytest.fixture(scope="module")
def stack(translated):
    """Yield how to make a client of an emulated account in which the stack was created."""
    body = json.loads(json.dumps(translated))
    for name, resource in translated["Resources"].items():
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            body["Resources"][name]["Properties"]["Enabled"] = False  # else the emulator would look for Docker
        elif resource["Type"] in UNKNOWN_TO_MOTO:
            del body["Resources"][name]
    with mock_aws():
        session = boto3.Session(region_name=REGION)
        session.client("s3").create_bucket(Bucket="code")
        for name in (*ENVIRONMENT, "BucketdexLayer", "ChecksumsLayer", "ReadersLayer"):
            session.client("s3").put_object(Bucket="code", Key=name, Body=b"code")
        subnets = session.client("ec2").describe_subnets()["Subnets"][:2]
        values = {
            "VpcId": subnets[0]["VpcId"],
            "SubnetIds": ",".join(subnet["SubnetId"] for subnet in subnets),
            "FunctionSecurityGroupIds": session.client("ec2").describe_security_groups()["SecurityGroups"][0][
                "GroupId"
            ],
            "CertificateArn": session.client("acm").request_certificate(DomainName="local")["CertificateArn"],
            "OpenSearchUrl": "https://vpc-lab.us-east-1.es.amazonaws.com",
            "OpenSearchDomainArn": "arn:aws:es:us-east-1:123456789012:domain/lab",
            "DataBucketArns": "arn:aws:s3:::lab-*,arn:aws:s3:::reference",
            "KmsKeyArns": "arn:aws:kms:us-east-1:123456789012:key/1,arn:aws:kms:us-east-1:123456789012:key/2",
            "TrailOfBucketArns": "arn:aws:s3:::lab-plates,arn:aws:s3:::reference",
            "TrailBucketArns": "arn:aws:s3:::logs,arn:aws:s3:::logs-of-organisation",
        }
        session.client("cloudformation").create_stack(
            StackName="bucketdex",
            TemplateBody=json.dumps(body),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        )
        yield session.client


def of_type(template, kind):
    return {name: it["Properties"] for name, it in template["Resources"].items() if it["Type"] == kind}


def of_condition(template, name):
    """The resources and outputs that there are only under a condition."""
    everything = template["Resources"] | template["Outputs"]
    return {logical_id for logical_id, it in everything.items() if it.get("Condition") == name}


def referred(value):
    """The logical id that a `Ref` or `GetAtt` speaks of."""
    return value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(policy):
    """The statements of a policy document, of an `If` the one that may be left out."""
    return [unless_left_out(it) for it in policy["Statement"]]


def unless_left_out(value):
    return value["Fn::If"][1] if "Fn::If" in value else value


def test_every_parameter_is_described_constrained_and_in_one_group(template):
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = Counter(name for group in groups for name in group["Parameters"])
    assert grouped == Counter(template["Parameters"].keys())
    for name, parameter in template["Parameters"].items():
        assert len(parameter["Description"]) > 30, name
        if parameter["Type"] == "Number":
            assert {"MinValue", "MaxValue"} <= parameter.keys() or "AllowedValues" in parameter, name
        elif parameter["Type"] in ("String", "CommaDelimitedList"):
            assert {"AllowedPattern", "ConstraintDescription"} <= parameter.keys() or "AllowedValues" in parameter, name
        else:
            assert parameter["Type"].startswith(("AWS::EC2::", "List<AWS::EC2::")), name


def test_every_output_is_described(template):
    for name, output in template["Outputs"].items():
        assert len(output["Description"]) > 20, name


def test_nothing_that_costs_by_itself_is_on_at_first(template):
    rules = of_type(template, "AWS::Events::Rule")
    through = {"S3ThroughEventBridge": "EventBridgeState", "TrailThroughEventBridge": "TrailEventBridgeState"}
    # The others tell of our own executions, and of each hour.
    assert rules.keys() == {*through, "HashHugeObjectEnded", "CheckBucketsHourly"}
    assert rules["CheckBucketsHourly"]["ScheduleExpression"] == "rate(1 hour)"
    for name, parameter in through.items():
        assert rules[name]["State"] == {"Ref": parameter}
        assert template["Parameters"][parameter]["Default"] == "DISABLED"
    assert template["Parameters"]["TrailOfBucketArns"]["Default"] == ""
    assert of_condition(template, "MakesTrail") == {"TrailBucket", "TrailBucketPolicy", "Trail", "TrailBucketName"}


# ---- Nothing is lost


def test_the_control_table_outlives_the_stack(template):
    table = template["Resources"]["ControlTable"]
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_every_queue_keeps_messages_for_14_days_encrypted_and_has_dead_letters(template):
    queues = of_type(template, "AWS::SQS::Queue")
    dead_letters = {
        name: referred(it["RedrivePolicy"]["deadLetterTargetArn"])
        for name, it in queues.items()
        if "RedrivePolicy" in it
    }
    assert dead_letters == {name: f"{name}DeadLetters" for name in QUEUES}
    assert set(queues) == {*dead_letters, *dead_letters.values()}
    for name, queue in queues.items():
        assert queue["MessageRetentionPeriod"] == FOURTEEN_DAYS, name
        assert queue["SqsManagedSseEnabled"] is True, name


def test_a_message_is_hidden_for_six_timeouts_of_its_function_and_returned_one_by_one(template):
    sources = of_type(template, "AWS::Lambda::EventSourceMapping")
    assert {referred(it["EventSourceArn"]) for it in sources.values()} == set(QUEUES)
    for name, source in sources.items():
        queue = template["Resources"][referred(source["EventSourceArn"])]["Properties"]
        function = template["Resources"][referred(source["FunctionName"])]["Properties"]
        assert queue["VisibilityTimeout"] == 6 * function["Timeout"], name
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert (
            str(queue["RedrivePolicy"]["maxReceiveCount"])
            == function["Environment"]["Variables"]["BUCKETDEX_MAX_RECEIVES"]
        )
        assert "Events" not in function, "SAM would let the role read every queue of the account"


def test_each_queue_has_a_concurrency_of_its_own(template):
    sources = of_type(template, "AWS::Lambda::EventSourceMapping")
    limits = [it["ScalingConfig"]["MaximumConcurrency"]["Ref"] for it in sources.values()]
    assert sorted(limits) == sorted(f"{queue}Concurrency" for queue in QUEUES)


def test_alarms_watch_queues_dead_letters_functions_and_events_that_fail_for_long(template):
    watched = set()
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        [dimension] = alarm["Dimensions"]
        value = dimension["Value"]
        watched.add((alarm["MetricName"], value if isinstance(value, str) else referred(value)))
        assert alarm["AlarmActions"]["Fn::If"][0] == alarm["OKActions"]["Fn::If"][0] == "HasAlarmTopic", name
    assert watched == {
        *(("ApproximateAgeOfOldestMessage", queue) for queue in QUEUES),
        *(("ApproximateNumberOfMessagesVisible", f"{queue}DeadLetters") for queue in QUEUES),
        *((metric, function) for metric in ("Errors", "Throttles") for function in ENVIRONMENT),
        ("ExecutionsFailed", "HashHugeObject"),
        ("EventAge", "index_objects"),
        ("OnlyTrailKnew", "index_objects"),
    }
    told = "".join(
        (ROOT / "layers/bucketdex/bucketdex" / name).read_text()
        for name in ("changes/telemetry.py", "objects/reconcile.py")
    )
    for metric in ("EventAge", "OnlyTrailKnew"):
        assert f'"{metric}"' in told, "the function must emit the metric that the alarm watches"


# ---- Least privilege


def test_a_role_names_each_action_and_resource(translated):
    roles = of_type(translated, "AWS::IAM::Role")
    assert set(roles) == {*(f"{function}Role" for function in ENVIRONMENT), "HashHugeObjectRole"}
    for name, role in roles.items():
        for policy in role["Policies"]:
            for statement in statements(policy["PolicyDocument"]):
                assert not any("*" in action for action in listed(statement["Action"])), (name, statement["Sid"])
                assert "*" not in listed(statement["Resource"]), (name, statement["Sid"])
        managed = {arn.rpartition("/")[2] for arn in role.get("ManagedPolicyArns", [])}
        in_vpc = {"AWSLambdaVPCAccessExecutionRole"} if name.removesuffix("Role") not in OUTSIDE else set()
        of_functions = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"} | in_vpc
        assert managed == (set() if name == "HashHugeObjectRole" else of_functions), name


def test_a_function_writes_to_its_own_items_of_the_control_table_only(template):
    functions = of_type(template, "AWS::Serverless::Function")
    assert functions.keys() == WRITTEN.keys()
    reading = {"GetItem", "BatchGetItem", "Query"}
    for name, function in functions.items():
        written = set()
        for statement in statements(function["Policies"][0]):
            actions = [what.removeprefix("dynamodb:") for what in listed(statement["Action"])]
            if referred_in(statement["Resource"]) == {"ControlTable"} and not reading.issuperset(actions):
                assert not any("Delete" in what for what in actions), name
                [(operator, keys)] = statement["Condition"].items()
                assert operator in ("ForAllValues:StringLike", "ForAllValues:StringEquals"), name
                written |= set(keys["dynamodb:LeadingKeys"])
        assert written == WRITTEN[name], name


def referred_in(resource):
    """The logical ids that an ARN, or each of some, refers to, where it does."""
    return {referred(it) for it in listed(resource) if isinstance(it, dict) and it.keys() & {"Ref", "Fn::GetAtt"}}


def test_what_hashes_is_outside_the_vpc_and_cannot_reach_the_index(template):
    functions = of_type(template, "AWS::Serverless::Function")
    assert {name for name, it in functions.items() if "VpcConfig" not in it} == OUTSIDE
    for name in OUTSIDE:
        for statement in statements(functions[name]["Policies"][0]):
            assert not any(what.startswith("es:") for what in listed(statement["Action"])), name


def test_only_what_looks_after_buckets_may_search_and_delete_and_only_counts_of_reads(template):
    function = template["Resources"]["CheckBuckets"]["Properties"]
    [statement] = [it for it in statements(function["Policies"][0]) if it["Action"] == "es:ESHttpPost"]
    paths = [it["Fn::Sub"].removeprefix("${OpenSearchDomainArn}/") for it in statement["Resource"]]
    assert paths == ["bucketdex-*/_search", "bucketdex-*/_refresh", "bucketdex-reads-*/_delete_by_query"]


def test_huge_objects_are_hashed_by_one_function_called_by_one_role(template):
    [machine] = of_type(template, "AWS::StepFunctions::StateMachine").values()
    definition = json.loads(machine["DefinitionString"]["Fn::Sub"])
    ranges = definition["States"]["Ranges"]
    steps = [ranges["ItemProcessor"]["States"]["Range"], *definition["States"].values()]
    called = {it["Parameters"]["FunctionName"] for it in steps if it["Type"] == "Task"}
    assert called == {"${HashRanges.Arn}"}
    assert (ranges["MaxConcurrency"], ranges["ItemProcessor"]["ProcessorConfig"]) == (40, {"Mode": "INLINE"})
    [statement] = template["Resources"]["HashHugeObjectRole"]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
    assert (statement["Action"], referred(statement["Resource"])) == ("lambda:InvokeFunction", "HashRanges")


def test_a_step_for_a_huge_object_outlasts_an_outage_of_six_hours_but_not_its_object(template):
    [machine] = of_type(template, "AWS::StepFunctions::StateMachine").values()
    states = json.loads(machine["DefinitionString"]["Fn::Sub"])["States"]
    for name, step in (("Range", states["Ranges"]["ItemProcessor"]["States"]["Range"]), ("Combine", states["Combine"])):
        abandoned, *throttled, other = step["Retry"]
        assert [it["ErrorEquals"] for it in throttled] == [["Lambda.TooManyRequestsException"]] * (name == "Range")
        assert abandoned == {"ErrorEquals": ["Abandoned"], "MaxAttempts": 0}, name
        waits = (other["IntervalSeconds"] * other["BackoffRate"] ** retry for retry in range(other["MaxAttempts"]))
        assert sum(min(it, other["MaxDelaySeconds"]) for it in waits) > 6 * 60 * 60, name
    for name in ("Ranges", "Combine"):
        assert [(it["ErrorEquals"], it["Next"]) for it in states[name]["Catch"]] == [
            (["Abandoned"], "Abandoned"),
            (["States.ALL"], "SetAside"),
        ], name


def test_queues_take_messages_of_this_account_only_and_none_unencrypted(template):
    policies = of_type(template, "AWS::SQS::QueuePolicy")
    covered = Counter(referred(queue) for policy in policies.values() for queue in policy["Queues"])
    assert covered == Counter(of_type(template, "AWS::SQS::Queue").keys()), "a queue has room for one policy"
    for name, policy in policies.items():
        allowed = [it for it in policy["PolicyDocument"]["Statement"] if it.get("Effect") == "Allow"]
        [denied] = [it for it in policy["PolicyDocument"]["Statement"] if it.get("Effect") == "Deny"]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, name
        assert all("AWS::AccountId" in json.dumps(it["Condition"]) for it in allowed), name
    for name in ("ObjectEventsPolicy", "TrailFilesPolicy"):
        told = policies[name]["PolicyDocument"]["Statement"][:-1]
        senders = [it["Principal"]["Service"] for it in told if "Fn::If" not in it]
        assert senders == ["s3.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"], name


def test_of_other_accounts_only_buckets_that_are_named_may_tell_of_log_files(template):
    policies = of_type(template, "AWS::SQS::QueuePolicy")
    further = {
        name: it["Fn::If"]
        for name, policy in policies.items()
        for it in policy["PolicyDocument"]["Statement"]
        if "Fn::If" in it
    }
    assert further.keys() == {"TrailFilesPolicy"}
    condition, statement, otherwise = further["TrailFilesPolicy"]
    assert (condition, otherwise) == ("HasTrailBuckets", {"Ref": "AWS::NoValue"})
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "TrailBucketArns"}}}
    assert "*" not in template["Parameters"]["TrailBucketArns"]["AllowedPattern"].partition(":::")[2].rstrip("*$")


def test_searches_come_over_https_through_an_internal_load_balancer(template):
    [balancer] = of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
    [listener] = of_type(template, "AWS::ElasticLoadBalancingV2::Listener").values()
    [group] = of_type(template, "AWS::EC2::SecurityGroup").values()
    assert balancer["Scheme"] == "internal"
    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    assert json.loads(listener["DefaultActions"][0]["FixedResponseConfig"]["MessageBody"])["statusCode"] == 404
    assert [it["CidrIp"] for it in group["SecurityGroupIngress"]] == [{"Ref": "ClientCidr"}]
    for name in ("SearchApi", "Catalog"):
        assert template["Resources"][f"{name}Targets"]["DependsOn"] == f"{name}Permission"


def test_who_answers_people_may_search_and_look_at_dead_letters_and_change_nothing(template):
    for name in ("SearchApi", "Catalog"):
        told = statements(template["Resources"][name]["Properties"]["Policies"][0])
        actions = {action for statement in told for action in listed(statement["Action"])}
        of_sqs = {action for action in actions if action.startswith("sqs:")}
        assert of_sqs == {"sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"}
        [looking] = [it for it in told if it["Sid"] == "LookAtDeadLetters"]
        assert referred_in(looking["Resource"]) == {f"{queue}DeadLetters" for queue in QUEUES}
        posted = next(it["Resource"] for it in told if it["Action"] == "es:ESHttpPost")
        assert {it["Fn::Sub"].rpartition("/")[2] for it in posted} == {"_search", "_msearch", "point_in_time"}
        assert not any(action.startswith(("s3:Put", "s3:Delete")) for action in actions)


# ---- CloudTrail


def test_single_records_come_of_each_call_that_changes_something_and_did_not_fail(template):
    rule = of_type(template, "AWS::Events::Rule")["TrailThroughEventBridge"]
    pattern = rule["EventPattern"]
    assert set(pattern["detail"]["eventName"]) == WRITES | {SWEEPING}
    assert pattern["detail"]["errorCode"] == [{"exists": False}]
    assert pattern["detail-type"] == ["AWS API Call via CloudTrail"]
    [target] = rule["Targets"]
    assert (referred(target["Arn"]), referred(target["DeadLetterConfig"]["Arn"])) == (
        "TrailFiles", "TrailFilesDeadLetters",
    )  # fmt: skip


def selected(selector):
    """What an event selector asks of each field."""
    return {it["Field"]: {name: value for name, value in it.items() if name != "Field"} for it in selector}


def test_the_trail_records_every_change_and_where_wanted_the_reads_of_others(template):
    trail = template["Resources"]["Trail"]["Properties"]
    assert (trail["IsMultiRegionTrail"], trail["EnableLogFileValidation"]) == (False, True)
    changes, reads = (unless_left_out(it) for it in trail["AdvancedEventSelectors"])
    assert trail["AdvancedEventSelectors"][1]["Fn::If"][0] == "RecordsReads"
    told = selected(changes["FieldSelectors"])
    assert told.keys() == {"eventCategory", "resources.type", "readOnly", "eventName", "resources.ARN"}
    assert (told["readOnly"], told["resources.type"]) == ({"Equals": ["false"]}, {"Equals": ["AWS::S3::Object"]})
    assert not (WRITES | {SWEEPING}) & set(told["eventName"]["NotEquals"])
    told = selected(reads["FieldSelectors"])
    assert (told["readOnly"], told["eventName"]) == ({"Equals": ["true"]}, {"Equals": ["GetObject"]})
    left_out = [it["Fn::Sub"] for it in told["userIdentity.arn"]["NotStartsWith"]]
    own = ("IndexObjects", "IndexPackages", "HashObjects", "HashRanges", "Catalog")
    session = "arn:${AWS::Partition}:sts::${AWS::AccountId}:assumed-role"
    assert left_out == [f"{session}/${{{name}Role}}/" for name in own]


def test_every_role_that_reads_objects_is_told_to_who_counts_reads(template):
    functions = of_type(template, "AWS::Serverless::Function")
    reading = {
        name
        for name, it in functions.items()
        if any("s3:GetObject" in listed(own["Action"]) for own in statements(it["Policies"][0]))
    }
    told = functions["ReadTrail"]["Environment"]["Variables"]["BUCKETDEX_OWN_ROLE_ARNS"]["Fn::Join"][1]
    assert {f"{name}Role" for name in reading} <= {referred(it) for it in told}


def test_the_bucket_of_log_files_is_closed_outlives_the_stack_and_tells_of_them(template):
    resource = template["Resources"]["TrailBucket"]
    bucket = resource["Properties"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert resource["DependsOn"] == "TrailFilesPolicy"  # S3 tries the queue before it takes the rule
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == {"Ref": "TrailFilesDays"}
    [rule] = bucket["NotificationConfiguration"]["QueueConfigurations"]
    filters = {it["Name"]: it["Value"] for it in rule["Filter"]["S3Key"]["Rules"]}
    assert (referred(rule["Queue"]), rule["Event"]) == ("TrailFiles", "s3:ObjectCreated:*")
    assert filters == {"prefix": {"Fn::Sub": "AWSLogs/${AWS::AccountId}/CloudTrail/"}, "suffix": ".json.gz"}
    *allowed, denied = template["Resources"]["TrailBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    for statement in allowed:
        assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        # The name of the trail, without the trail, which needs this policy first.
        trail, values = statement["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"]
        assert trail.endswith(":trail/${Name}")
        assert values["Name"] == template["Resources"]["Trail"]["Properties"]["TrailName"]


def test_checks_are_begun_by_the_schedule_alone(template):
    rule = of_type(template, "AWS::Events::Rule")["CheckBucketsHourly"]
    assert [referred(it["Arn"]) for it in rule["Targets"]] == ["CheckBuckets"]
    permission = template["Resources"]["CheckBucketsHourlyPermission"]["Properties"]
    assert (referred(permission["FunctionName"]), referred(permission["SourceArn"])) == (
        "CheckBuckets", "CheckBucketsHourly",
    )  # fmt: skip


# ---- The stack, emulated


def deployed(stack, kind):
    resources = stack("cloudformation").describe_stack_resources(StackName="bucketdex")["StackResources"]
    return {it["LogicalResourceId"]: it["PhysicalResourceId"] for it in resources if it.get("ResourceType") == kind}


def test_each_function_gets_the_environment_that_its_settings_read(stack):
    functions = deployed(stack, "AWS::Lambda::Function")
    assert set(functions) == set(ENVIRONMENT)
    for logical_id, name in functions.items():
        function = stack("lambda").get_function_configuration(FunctionName=name)
        variables = function["Environment"]["Variables"]
        assert set(variables) == ENVIRONMENT[logical_id]
        empty = {name for name, value in variables.items() if value == ""}
        assert empty == {"AWS_ENDPOINT_URL", "BUCKETDEX_CORS_ORIGINS"} & set(variables)
        # The emulator leaves a parameter that is a number as one.
        assert all(isinstance(value, str | int) for value in variables.values()), variables
        assert (function["Handler"], function["Runtime"]) == ("app.handler", "python3.13")

    def environment(name):
        return stack("lambda").get_function_configuration(FunctionName=functions[name])["Environment"]["Variables"]

    given = settings.index_objects(environment("IndexObjects"))
    urls = deployed(stack, "AWS::SQS::Queue")
    assert [queue.url for queue in given.queues] == [urls["ObjectEvents"], urls["BulkEvents"]]
    assert [queue.dead_letters_url for queue in given.queues] == [
        urls["ObjectEventsDeadLetters"],
        urls["BulkEventsDeadLetters"],
    ]
    packages = settings.index_packages(environment("IndexPackages"))
    assert packages.queue.url == given.package_events_url == urls["PackageEvents"]
    assert packages.queue.dead_letters_url == urls["PackageEventsDeadLetters"]
    hashing = settings.hash_objects(environment("HashObjects"))
    assert hashing.queue.url == given.hash_requests_url == urls["HashRequests"]
    assert hashing.queue.dead_letters_url == urls["HashRequestsDeadLetters"]
    assert hashing.state_machine_arn == deployed(stack, "AWS::StepFunctions::StateMachine")["HashHugeObject"]
    assert (hashing.whole_bytes, hashing.range_bytes) == (0, 0)
    ranges = settings.hash_ranges(environment("HashRanges"))
    assert ranges.dead_letters_url == urls["HashRequestsDeadLetters"]
    assert ranges.bulk_events_url == hashing.bulk_events_url == urls["BulkEvents"]
    trail = settings.read_trail(environment("ReadTrail"))
    assert trail.queue.url == urls["TrailFiles"]
    assert trail.queue.dead_letters_url == urls["TrailFilesDeadLetters"]
    assert trail.bulk_events_url == urls["BulkEvents"]
    assert (trail.delay_seconds, trail.identities) == (300, "principal")
    roles = deployed(stack, "AWS::IAM::Role")
    own = ("IndexObjects", "IndexPackages", "HashObjects", "HashRanges", "ReadTrail", "SearchApi", "Catalog")
    assert [arn.rpartition("/")[2] for arn in trail.own_roles] == [roles[f"{name}Role"] for name in own]
    checks = settings.check_buckets(environment("CheckBuckets"))
    assert (checks.bulk_events_url, checks.object_events_url) == (urls["BulkEvents"], urls["ObjectEvents"])
    for told in (settings.search_api(environment("SearchApi")), settings.catalog(environment("Catalog"))):
        assert [queue.url for queue in told.queues] == [urls[name] for name in QUEUES]
        assert [queue.dead_letters_url for queue in told.queues] == [urls[f"{name}DeadLetters"] for name in QUEUES]
    assert given.control.table == deployed(stack, "AWS::DynamoDB::Table")["ControlTable"]
    assert (given.opensearch.auth, given.max_receives, given.s3_concurrency) == ("iam", 100, 16)


def test_the_table_has_the_keys_that_the_control_table_uses(stack):
    table = stack("dynamodb").describe_table(TableName=deployed(stack, "AWS::DynamoDB::Table")["ControlTable"])["Table"]
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_the_listener_forwards_the_api_and_all_else_to_the_catalog(stack):
    rules = deployed(stack, "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    told = sorted(stack("elbv2").describe_rules(RuleArns=list(rules))["Rules"], key=lambda it: int(it["Priority"]))
    groups = deployed(stack, "AWS::ElasticLoadBalancingV2::TargetGroup")
    for rule, pattern, target in zip(told, ("/api/*", "/*"), ("SearchApiTargets", "CatalogTargets"), strict=True):
        assert rule["Conditions"] == [{"Field": "path-pattern", "PathPatternConfig": {"Values": [pattern]}}]
        assert rule["Actions"] == [{"Type": "forward", "TargetGroupArn": groups[target]}]


def test_a_role_reads_only_the_given_buckets_and_keys(stack):
    role = deployed(stack, "AWS::IAM::Role")["IndexObjectsRole"]
    document = stack("iam").get_role_policy(RoleName=role, PolicyName="IndexObjectsRolePolicy0")["PolicyDocument"]
    told = {it["Sid"]: it["Resource"] for it in ast.literal_eval(document)["Statement"]}  # moto gives Python's form
    assert told["ReadObjects"] == ["arn:aws:s3:::lab-*/*", "arn:aws:s3:::reference/*"]
    assert told["TellAbsentFromForbidden"] == ["arn:aws:s3:::lab-*", "arn:aws:s3:::reference"]
    assert [arn.rpartition("/")[2] for arn in told["ReadEncryptedObjects"]] == ["1", "2"]


def test_the_role_of_packages_reads_only_what_is_theirs(stack):
    role = deployed(stack, "AWS::IAM::Role")["IndexPackagesRole"]
    document = stack("iam").get_role_policy(RoleName=role, PolicyName="IndexPackagesRolePolicy0")["PolicyDocument"]
    told = {it["Sid"]: it["Resource"] for it in ast.literal_eval(document)["Statement"]}
    assert told["ReadPointersAndManifests"] == ["arn:aws:s3:::lab-*/.quilt/*", "arn:aws:s3:::reference/.quilt/*"]


def test_the_role_of_the_trail_reads_the_named_buckets_and_that_of_the_stack(stack):
    role = deployed(stack, "AWS::IAM::Role")["ReadTrailRole"]
    document = stack("iam").get_role_policy(RoleName=role, PolicyName="ReadTrailRolePolicy0")["PolicyDocument"]
    told = {it["Sid"]: it["Resource"] for it in ast.literal_eval(document)["Statement"]}
    assert told["ReadFilesOfTrails"] == ["arn:aws:s3:::logs/*", "arn:aws:s3:::logs-of-organisation/*"]
    assert told["TellAbsentFromForbidden"] == ["arn:aws:s3:::logs", "arn:aws:s3:::logs-of-organisation"]
    own = deployed(stack, "AWS::S3::Bucket")["TrailBucket"]
    assert told["ReadFilesOfTheStacksTrail"] == f"arn:aws:s3:::{own}/*"
    assert told["TellAbsentFromForbiddenThere"] == f"arn:aws:s3:::{own}"


def test_every_output_has_a_value(stack, template):
    [made] = stack("cloudformation").describe_stacks(StackName="bucketdex")["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE"
    assert {it["OutputKey"] for it in made["Outputs"] if it["OutputValue"]} == set(template["Outputs"])
