"""`template.yaml` created on the emulated AWS, and read back as a `Deployment`."""

import re
from collections.abc import Callable
from typing import Any

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.local.deployment import Deployment
from bucketdex.local.deployment.readback import read_back
from bucketdex.local.deployment.template import Translated
from bucketdex.local.state import StackError

STACK_NAME = "bucketdex"
CREATE_LIMIT = 120  # seconds; the emulator takes two, most of them for its own imports
# The parameters that have no default, by type, else by name: their value comes from `Site`.
BY_TYPE: dict[str, Callable[["Site"], str]] = {
    "AWS::EC2::VPC::Id": lambda site: site.vpc,
    "List<AWS::EC2::Subnet::Id>": lambda site: ",".join(site.subnets),
    "AWS::EC2::Subnet::Id": lambda site: site.subnets[0],
    "List<AWS::EC2::SecurityGroup::Id>": lambda site: site.security_group,
    "AWS::EC2::SecurityGroup::Id": lambda site: site.security_group,
}
BY_NAME: dict[str, Callable[["Site"], str]] = {
    r".*Certificate.*Arn": lambda site: site.certificate,
    r".*Cidr": lambda _: "127.0.0.0/8",
    r".*OpenSearch.*Arn": lambda site: site.domain_arn,
    r".*OpenSearch.*Url": lambda site: site.domain_url,
    r".*OpenSearch.*(Endpoint|Host)": lambda site: site.domain_url.partition("://")[2],
}
# What a local stack has instead of a parameter's default.
INSTEAD = {"TrailDelaySeconds": "0"}  # nobody wants to wait, and notifications are never late here


class Site(msgspec.Struct, frozen=True):
    """What the emulated account has for the parameters of a template."""

    vpc: str
    subnets: tuple[str, ...]
    security_group: str
    certificate: str
    domain_url: str
    domain_arn: str


def deploy(session: boto3.Session, edge_url: str, opensearch_url: str, translated: Translated) -> Deployment:
    """Create the stack of the translated template on the edge and return what it became."""
    # Once: a second CreateStack would only say that the stack is there already.
    once = Config(retries={"max_attempts": 0}, read_timeout=CREATE_LIMIT)
    cloudformation = session.client("cloudformation", endpoint_url=edge_url, config=once)
    site = survey(session, edge_url, opensearch_url)
    values = parameter_values(translated.body.get("Parameters", {}), site)
    try:
        cloudformation.create_stack(
            StackName=STACK_NAME,
            TemplateBody=msgspec.json.encode(translated.body).decode(),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    except (ClientError, BotoCoreError) as error:  # the latter when the emulator stumbles and answers with a page
        raise StackError(f"the emulated CloudFormation does not take the template: {error}") from error
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise StackError(f"the emulated CloudFormation says {stack['StackStatus']}: {stack.get('StackStatusReason')}")
    answers = {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}
    deployment = read_back(answers, translated.folders, edge_url, opensearch_url)
    _make_runnable(session, edge_url, deployment)
    return deployment


def _make_runnable(session: boto3.Session, edge_url: str, deployment: Deployment) -> None:
    """Create the state machines again: those of the emulated CloudFormation are out of reach of what runs them."""
    states = session.client("stepfunctions", endpoint_url=edge_url)
    for it in deployment.state_machines:
        try:
            states.create_state_machine(name=it.name, definition=it.definition, roleArn=it.role_arn)
        except (ClientError, BotoCoreError) as error:
            raise StackError(f"{it.logical_id}: the emulated Step Functions does not take it: {error}") from error


def survey(session: boto3.Session, edge_url: str, opensearch_url: str) -> Site:
    """Return the default network of the emulated account, and a certificate made for the occasion."""
    ec2 = session.client("ec2", endpoint_url=edge_url)
    acm = session.client("acm", endpoint_url=edge_url)
    subnets = sorted(ec2.describe_subnets()["Subnets"], key=lambda it: it["AvailabilityZone"])[:2]
    vpc = subnets[0]["VpcId"]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    return Site(
        vpc=vpc,
        subnets=tuple(it["SubnetId"] for it in subnets),
        security_group=groups[0]["GroupId"],
        certificate=acm.request_certificate(DomainName="bucketdex.local")["CertificateArn"],
        domain_url=opensearch_url,
        domain_arn=f"arn:aws:es:{session.region_name}:123456789012:domain/local",
    )


def parameter_values(parameters: dict[str, Any], site: Site) -> dict[str, str]:
    """Return a value for each parameter that has no default, or another one here."""
    values = {name: value for name, value in INSTEAD.items() if name in parameters}
    for name, parameter in parameters.items():
        if "Default" in parameter or name in values:
            continue
        by_name = (value for pattern, value in BY_NAME.items() if re.fullmatch(pattern, name))
        value = BY_TYPE.get(parameter["Type"]) or next(by_name, None)
        if value is None:
            raise StackError(f"parameter {name} of the template has no default, and none is known for a local stack")
        values[name] = value(site)
    return values
