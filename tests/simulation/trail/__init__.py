"""Worlds in which notifications go missing, and CloudTrail is the second account of what happened.

Every call leaves a record but those that leave none in AWS; records come in files, late, twice and in any order. The
functions that read them and that check buckets run beside those of objects; then the index equals the buckets all the
same, each document says who wrote what it shows, and reads are counted exactly.
"""
