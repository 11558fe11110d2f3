"""One unit of the real charmlibs-rollingops over etcd, without Juju.

The library's worker, lock, lease and queues are run as they are; only its pauses are cut short, and the hook it would
dispatch is run in place: it takes the operation in progress, works, and finalizes it as the charm's hook does.

    charmlibs_unit.py worker <folder> <owner> <cluster> <log> <operations>
    charmlibs_unit.py request <folder> <owner> <cluster> <callback> <kwargs>
    charmlibs_unit.py show <folder> <owner> <cluster>
"""

import json
import os
import sys
import time
from types import SimpleNamespace

from charmlibs import pathops
from charmlibs.rollingops._common._models import OperationResult, _Operation
from charmlibs.rollingops._etcd import _etcd, _rollingops
from charmlibs.rollingops._etcd._models import RollingOpsKeys

what, folder, owner, cluster, *rest = sys.argv[1:]
base = charm = pathops.LocalPath(folder)
os.chdir(folder)
keys = RollingOpsKeys.for_owner(cluster, owner)
store = _etcd.ManagerOperationStore(keys, owner, base, charm)
real_sleep = time.sleep


def note(log: str, word: str) -> None:
    with open(log, 'a') as file:
        file.write(f'{word} {owner} {time.monotonic_ns()}\n')


def work() -> None:
    log, count = rest[0], int(rest[1])
    left = [count]

    def hook(*_: object) -> None:
        operation = store.peek_current()
        assert operation is not None
        note(log, 'start')
        real_sleep(0.03)
        note(log, 'end')
        left[0] -= 1
        store.finalize(operation, OperationResult.RELEASE)

    def sleep(seconds: float) -> None:
        if left[0] == 0 and not store.has_queued_work():
            raise SystemExit(0)
        real_sleep(min(seconds, 0.05))

    _rollingops.dispatch_lock_granted = hook
    _rollingops.time = SimpleNamespace(sleep=sleep)
    _etcd.time = SimpleNamespace(sleep=lambda seconds: real_sleep(min(seconds, 0.05)))
    sys.argv = ['worker', '--base-dir', folder, '--charm-dir', folder, '--unit-name', 'app/0']
    sys.argv += ['--owner', owner, '--cluster-id', cluster]
    for i in range(count):
        store.request(_Operation.create('restart', {'i': i}, 3))
        real_sleep(0.001)
    _rollingops.main()


if what == 'worker':
    work()
elif what == 'request':
    store.request(_Operation.create(rest[0], json.loads(rest[1]), None))
else:
    pending = store._pending.peek()
    print(pending.to_string() if pending else '')
