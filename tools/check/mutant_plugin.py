"""Loads the module MUTANT_MODULE from the changed copy MUTANT_FILE (`-p tools.check.mutant_plugin`).

The tree on disk is never touched, so that tests and editors can work beside a mutation run.
"""

import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        original = PathFinder.find_spec(fullname, path, target) if fullname == os.environ["MUTANT_MODULE"] else None
        if original is None:
            return None
        copy, folders = os.environ["MUTANT_FILE"], original.submodule_search_locations
        return importlib.util.spec_from_file_location(fullname, copy, submodule_search_locations=folders)


sys.meta_path.insert(0, _Finder())
