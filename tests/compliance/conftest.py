"""The lists directory of the tests of ``list_store``: what the office looks at lies there."""

from tests.list_store.conftest import at, config, folder, parcel, policies, take

__all__ = ["at", "config", "folder", "parcel", "policies", "take"]
