"""What both functions import from their layer."""


def hello(name: str) -> str:
    return f"hello from {name}"
