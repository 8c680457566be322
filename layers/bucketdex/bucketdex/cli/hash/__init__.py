"""`bucketdex hash`: the digests of files and objects, printed or compared."""
