"""The command line: `bucketdex`. A file for each command, which leaves the doing to the domains."""
