"""Write what the samples in `events/` speak of, so that `make invoke` has something: objects, a package, a log file."""

import gzip
import json
from pathlib import Path

import boto3

import bucketdex

s3 = boto3.client("s3")
s3.put_object(
    Bucket="example-bucket", Key="plates/red flower.csv", Body=b"well,reading\nA1,0.7\n", ContentType="text/csv"
)
# As an object from before the bucket had versions, so that its version is the sample's, `null`.
s3.put_bucket_versioning(Bucket="example-bucket", VersioningConfiguration={"Status": "Suspended"})
s3.put_object(
    Bucket="example-bucket", Key="plates/slide.tif", Body=b"bucketdex" * 1024 * 1024, ContentType="image/tiff"
)
s3.put_bucket_versioning(Bucket="example-bucket", VersioningConfiguration={"Status": "Enabled"})
package = bucketdex.Package().set("red flower.csv", "s3://example-bucket/plates/red flower.csv")
package.build("lab/plates", message="Plates", registry="s3://example-bucket")
# As CloudTrail would deliver it: packed, to a bucket that is not connected, under the key that the sample tells of.
events = Path(__file__).parents[2] / "events"
[message] = json.loads((events / "trail-file.json").read_text())["Records"]
[delivered] = json.loads(message["body"])["Records"]
s3.create_bucket(Bucket=delivered["s3"]["bucket"]["name"])
s3.put_object(
    Bucket=delivered["s3"]["bucket"]["name"],
    Key=delivered["s3"]["object"]["key"],
    Body=gzip.compress((events / "trail-log.json").read_bytes()),
)
