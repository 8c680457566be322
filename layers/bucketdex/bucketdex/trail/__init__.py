"""CloudTrail's object-level logs: the second account of what happens to objects, by whom, and who reads them."""
