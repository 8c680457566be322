"""`template.yaml` made ready for the emulated CloudFormation: translated by SAM, without what the emulator cannot do.

The emulator resolves every reference, so that nothing here does: for each resource that matters `translate` adds an
output with its properties as JSON (see `readback`), also for those that are taken out.
"""

import re
from pathlib import Path
from typing import Any

import msgspec

from bucketdex.local.state import StackError

# What is asked of each type of resource: `Ref` and attributes besides the properties.
ASKED = {
    "AWS::Lambda::Function": ("Arn",),
    "AWS::Lambda::EventSourceMapping": None,  # not created, so it has neither
    "AWS::SQS::Queue": ("Arn", "QueueName"),
    "AWS::DynamoDB::Table": (),
    "AWS::StepFunctions::StateMachine": ("Name",),
    "AWS::Events::Rule": ("Arn",),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (),
    "AWS::ElasticLoadBalancingV2::Listener": (),
    "AWS::ElasticLoadBalancingV2::ListenerRule": (),
}
TAKEN_OUT = (
    r"AWS::Lambda::EventSourceMapping",  # moto would receive the messages itself and try the function in Docker
    r"AWS::Lambda::EventInvokeConfig",  # moto does not know it; here nobody tries a second time
    r"AWS::EC2::VPCEndpoint",  # moto fails on one without route tables
    r"Custom::.*",  # moto fails the whole stack
)
# Where each type names its folder of code. A placeholder takes its place: the emulator would look for it in S3.
CONTENT = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
}
CODE_BUCKET = "code-stays-in-its-folder"

type Json = Any  # CloudFormation's own shape, taken apart below and in `readback`


class Translated(msgspec.Struct, frozen=True):
    """A template that the emulator can create, and what it must not know."""

    body: dict[str, Json]
    folders: dict[str, str]  # logical id of a function or layer: its folder


def translate(template: Path, region: str) -> Translated:
    """Read the SAM template and return what CloudFormation, as emulated, gets."""
    # The translator is heavy (0.8 s) and only the supervisor needs it.
    import boto3  # noqa: PLC0415
    from samtranslator.parser.parser import Parser  # noqa: PLC0415
    from samtranslator.public.exceptions import InvalidDocumentException  # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # noqa: PLC0415

    sam = load(template)
    folders = take_content_out(sam, template.absolute().parent)
    try:
        # Names of managed policies stay names: the emulator does not look at them.
        translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
        body = translator.translate(sam, parameter_values={})
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes) or error.message
        raise StackError(f"{template} is not a valid SAM template: {causes}") from error
    prepare(body)
    return Translated(body, folders)


def load(template: Path) -> dict[str, Json]:
    """Return the YAML of a template with its short forms (`!Ref`) written out."""
    import yaml  # noqa: PLC0415
    from samtranslator.yaml_helper import yaml_parse  # noqa: PLC0415

    try:
        document = yaml_parse(template.read_text())
    except OSError as error:
        raise StackError(f"{template} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise StackError(f"{template} is not YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise StackError(f"{template} is not a CloudFormation template: it has no Resources")
    return document


def take_content_out(sam: dict[str, Json], root: Path) -> dict[str, str]:
    """Put a placeholder in place of each folder of code, and return the folders by logical id."""
    shared = sam.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    folders: dict[str, str] = {}
    for logical_id, resource in sam["Resources"].items():
        where = CONTENT.get(resource["Type"])
        if where is None:
            continue
        properties = resource.setdefault("Properties", {})
        folder = properties.get(where, shared if where == "CodeUri" else None)
        if not isinstance(folder, str) or folder.startswith("s3://"):
            raise StackError(f"{logical_id}: {where} must be a folder beside the template, not {folder!r}")
        if not (root / folder).is_dir():
            raise StackError(f"{logical_id}: there is no folder {root / folder}")
        folders[logical_id] = str(root / folder)
        in_bucket = {"S3Bucket": CODE_BUCKET, "S3Key": logical_id}
        properties[where] = f"s3://{CODE_BUCKET}/{logical_id}" if where.endswith("Uri") else in_bucket
    return folders


def prepare(body: dict[str, Json]) -> None:
    """Take out of a translated template what the emulator cannot do, and ask for what is wanted of it."""
    resources = body["Resources"]
    layers = {name: it for name, it in resources.items() if it["Type"] == "AWS::Lambda::LayerVersion"}
    questions = {name: _question(name, it) for name, it in resources.items() if it["Type"] in ASKED}
    # The emulator cannot refer to a layer; the name under which its folder is kept says more anyway.
    body["Outputs"] = _replace_refs(
        questions, {name: it["Properties"]["Content"]["S3Key"] for name, it in layers.items()}
    )
    gone = {name for name, it in resources.items() if any(re.fullmatch(what, it["Type"]) for what in TAKEN_OUT)}
    for name in gone:
        del resources[name]
    for resource in resources.values():
        depends = resource.pop("DependsOn", [])
        left = [name for name in ([depends] if isinstance(depends, str) else depends) if name not in gone]
        if left:
            resource["DependsOn"] = left


def _question(logical_id: str, resource: dict[str, Json]) -> dict[str, Json]:
    attributes = ASKED[resource["Type"]]
    answer: dict[str, Json] = {"Type": resource["Type"], "Properties": resource.get("Properties", {})}
    if attributes is not None:
        answer["Id"] = {"Ref": logical_id}
        answer |= {name: {"Fn::GetAtt": [logical_id, name]} for name in attributes}
    condition = {"Condition": resource["Condition"]} if "Condition" in resource else {}
    return {"Value": {"Fn::ToJsonString": answer}} | condition


def _replace_refs(tree: Json, values: dict[str, str]) -> Json:
    match tree:
        case {"Ref": str(name)} if name in values:
            return values[name]
        case dict():
            return {name: _replace_refs(it, values) for name, it in tree.items()}
        case list():
            return [_replace_refs(it, values) for it in tree]
    return tree
