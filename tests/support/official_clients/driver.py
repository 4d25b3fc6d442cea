"""Runs pieces of scripts with an official client, in the client's own environment, for `tests.support.official_client`.

Requests come as lines of JSON on standard input, answers go as lines of JSON to what was standard output when this
started; what scripts print is caught. Knows nothing but the standard library and `lightly`.
"""

import ast
import contextlib
import io
import json
import os
import sys
import traceback
import warnings
from pathlib import PurePath


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever writes to the descriptor itself must not end up between the answers.
    os.dup2(2, 1)
    names = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["fresh"]:
            names = {"__name__": "__main__"}
            os.environ.update(request["fresh"])
        names.update(request["names"])
        print(json.dumps(answer_to(request["code"], names)), file=answers, flush=True)


def answer_to(code, names):
    output = io.StringIO()
    answer = {"value": None, "error": None}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            try:
                answer["value"] = plain(run(code, names))
            except BaseException as error:
                answer["error"] = told(error)
    answer["output"] = output.getvalue()
    answer["warnings"] = [f"{warning.category.__name__}: {warning.message}" for warning in caught]
    return answer


def run(code, names):
    """Execute a piece of a script; its value is that of its last line, if that is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<script>", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "<script>", "eval"), names)


def told(error):
    body = getattr(error, "body", None)
    return {
        "type": type(error).__name__,
        "message": str(error),
        "status": getattr(error, "status", None),
        "body": body.decode() if isinstance(body, bytes) else body,
        "trace": traceback.format_exc(),
    }


def plain(value):
    """A value as JSON: the clients' documents by the names their attributes have."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value.value if hasattr(value, "value") else value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if hasattr(value, "__iter__"):
        return [plain(item) for item in value]
    return repr(value)


if __name__ == "__main__":
    main()
