"""The provider side of the deployed token distributor library, as a charm of our tests."""

import ops
from charms.microcluster_token_distributor.v0 import token_distributor


class DistributorCharm(ops.CharmBase):
    """All behaviour is the library's; the charm adds the status Juju shows."""

    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        self.provider = token_distributor.TokenDistributorProvides(self, "microcluster-cluster")
        framework.observe(self.on.start, self._on_start)

    def _on_start(self, _: ops.StartEvent):
        self.unit.status = ops.ActiveStatus()


if __name__ == "__main__":
    ops.main(DistributorCharm)
