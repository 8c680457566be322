"""Write what the samples in `events/` speak of, objects and a package, so that `make invoke` has something."""

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
