"""The world of packages: pointers and manifests are put, moved, replaced and deleted, settings are switched.

The real `index_packages` reconciles them, and when its queue is empty, messages that are to come later included, each
document and each entry is what S3 and the settings say.
"""
