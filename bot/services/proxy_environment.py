"""No proxy between processes of one machine, whatever the operator has set for the rest."""

from collections.abc import Mapping

_LOOPBACK = "127.0.0.1,localhost"


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The same, with loopback among what is not to be asked of a proxy."""
    excepted = given.get("no_proxy") or given.get("NO_PROXY")
    direct = ",".join(filter(None, (excepted, _LOOPBACK)))
    return {**given, "NO_PROXY": direct, "no_proxy": direct}
