"""The edge: AWS emulated by moto, with S3's answers and notifications put right. `python -m bucketdex.local.edge`."""
