"""Write what the samples in `events/` speak of, an object and a package of it, so that `make invoke` has something."""

import boto3

import bucketdex

boto3.client("s3").put_object(
    Bucket="example-bucket", Key="plates/red flower.csv", Body=b"well,reading\nA1,0.7\n", ContentType="text/csv"
)
package = bucketdex.Package().set("red flower.csv", "s3://example-bucket/plates/red flower.csv")
package.build("lab/plates", message="Plates", registry="s3://example-bucket")
