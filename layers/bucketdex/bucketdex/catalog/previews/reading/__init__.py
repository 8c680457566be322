"""Parquet, Excel and PDF, read in a child process: their readers are large, and written in C for files of friends."""
