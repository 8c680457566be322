"""`bucketdex trail`: what CloudTrail has recorded, from now on and from before."""
