"""Write the object that the samples in `events/` speak of, so that `make invoke` has something to index."""

import boto3

boto3.client("s3").put_object(
    Bucket="example-bucket", Key="plates/red flower.csv", Body=b"well,reading\nA1,0.7\n", ContentType="text/csv"
)
