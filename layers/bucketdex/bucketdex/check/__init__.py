"""Checking: does the index say what S3 says?"""
