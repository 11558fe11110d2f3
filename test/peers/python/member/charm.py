"""The consumer side of the deployed token distributor library, as a charm of our tests."""

import shlex

import ops
from charms.microcluster_token_distributor.v0 import token_distributor


class MemberCharm(ops.CharmBase):
    """All behaviour is the library's; the charm says which command is the cluster's."""

    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        self.consumer = token_distributor.TokenConsumer(self, "cluster", self._cluster_command())

    def _cluster_command(self) -> list[str]:
        command_file = self.charm_dir / "cluster-command"
        if command_file.exists():  # spares a hook tool's call in every hook
            return command_file.read_text().splitlines()
        return shlex.split(str(self.config["cluster-command"]))


if __name__ == "__main__":
    ops.main(MemberCharm)
