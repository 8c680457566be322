"""The stack on one machine: the functions of the template, an emulated AWS, a real OpenSearch."""
