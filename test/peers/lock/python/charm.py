"""A deployed rolling-ops library as a charm of our tests: all scheduling is the library's.

Every run of an operation appends a line when it begins and one when it ends to the file named by RUNS. Background workers
are not started: in a simulation nobody waits ten seconds for them, and update-status does what their hook does.
"""

import json
import os
import time

import ops


class RollingCharm(ops.CharmBase):
    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        targets = {"restart": self._restart, "again": self._again, "hold": self._hold}
        if (self.charm_dir / "library").read_text() == "v1":
            from charms.rolling_ops.v1 import rollingops

            self.results = rollingops.OperationResult
            self.rolling = rollingops.RollingOpsManagerV1(self, "restart", targets)
            # its worker calls for the system's Python and a log of the machine
            self.rolling.worker.start = lambda: None
        else:
            from charmlibs import pathops, rollingops

            self.results = rollingops.OperationResult
            self.rolling = rollingops.RollingOpsManager(
                self,
                callback_targets=targets,
                peer_relation_name="restart",
                base_dir=pathops.LocalPath(str(self.charm_dir / "rollingops")),
            )
            self.rolling._peer_backend.worker.start = lambda: None
        framework.observe(self.on.ask_action, self._on_ask)

    def _on_ask(self, event: ops.ActionEvent):
        self.rolling.request_async_lock(
            event.params["operation"],
            kwargs=json.loads(event.params.get("kwargs", "{}")),
            max_retry=event.params.get("max-retry"),
        )

    def _restart(self, **_):
        self._run("restart")
        return self.results.RELEASE

    def _again(self, **_):
        return self._first("again", self.results.RETRY_RELEASE)

    def _hold(self, **_):
        return self._first("hold", self.results.RETRY_HOLD)

    def _first(self, operation, result):
        """The first try of each such operation on this unit asks for another."""
        self._run(operation)
        tried = self.charm_dir / f"tried-{operation}"
        if tried.exists():
            tried.unlink()
            return self.results.RELEASE
        tried.touch()
        return result

    def _run(self, operation):
        self._log("begin", operation)
        time.sleep(float(os.environ["RUN_SECONDS"]))
        self._log("end", operation)

    def _log(self, word, operation):
        with open(os.environ["RUNS"], "a") as log:
            log.write(f"{word} {self.unit.name} {operation}\n")


if __name__ == "__main__":
    ops.main(RollingCharm)
