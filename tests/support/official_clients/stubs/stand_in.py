"""Packages that are not there, as far as importing the official client 1.2.25 goes.

That client imports torch, torchvision and pytorch_lightning at its very start, and its HTTP side uses next to nothing
of them. Here any submodule can be imported, and any name in it is a class that can be called, subclassed and used as
a decorator, and does nothing. What the HTTP side does use is written out (`torchvision.datasets`).
"""

import importlib.abc
import importlib.machinery
import sys
import types

PACKAGES = ("torch", "torchvision", "pytorch_lightning")


class _AnyAttribute(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn


class StandIn(metaclass=_AnyAttribute):
    """Any class or function of an absent package. As a decorator it leaves alone what it decorates."""

    def __new__(cls, *arguments, **options):
        if cls is StandIn and len(arguments) == 1 and callable(arguments[0]) and not options:
            return arguments[0]
        return super().__new__(cls)

    def __init__(self, *arguments, **options):
        pass

    def __call__(self, *arguments, **options):
        return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn


class _AbsentModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds every submodule of the packages that no file here defines; it must come last."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in PACKAGES:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = attribute
        return module

    def exec_module(self, module):
        pass


def attribute(name):
    """`__getattr__` of an absent module."""
    if name.startswith("__"):
        raise AttributeError(name)
    return StandIn


def install():
    if not any(isinstance(finder, _AbsentModules) for finder in sys.meta_path):
        sys.meta_path.append(_AbsentModules())
