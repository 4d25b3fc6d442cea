"""The command line: parse, call one function, print."""


def main() -> None:
    raise SystemExit("swath: not wired yet")
