"""Other vendors' APIs as they answer a wrong key or too many requests, in their documented shapes."""

from tests.corpus.recorders.network import Network
from tests.corpus.recorders.upstream import Upstream


def serve(upstream: Upstream, network: Network) -> None:
    """Listen at the vendors' address under all of their names."""
