from tests.support.chain import network, rpc

__all__ = ["network", "rpc"]
