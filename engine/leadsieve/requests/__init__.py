"""Requests: the accepted rows as bodies or files that the target system takes, ready to send.

Nothing is ever sent. What a request looks like is data of the profile (`[request]`); here it is filled, split at the
system's limits and written as a stream. Nothing is imported here: the kernel asks how long rows are, and must not load
what writes them.
"""
