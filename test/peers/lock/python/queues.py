"""Prints queues as the deployed libraries write them, as JSON: the bytes that our own writer must match.

Usage: python queues.py [FOLDER OF THE v1 LIBRARY]. Without the folder only charmlibs-rollingops is asked.
"""

import datetime
import json
import sys
import warnings

KWARGS = [
    "{}",
    '{"delay":10,"b":1.5,"a":[1,true,null,false]}',
    '{"nested":{"a":{"x":{},"y":[]},"z":1},"a":"spaces and \\"quotes\\" and \\\\ and /"}',
    '{"\\u00e9":"na\\u00efve","\\ud83d\\ude00":"\\u2028 \\u007f \\u0000 \\n \\t","\\uffff":1}',
    '{"small":[0.0001,0.00001,0.000001,1e-7,1.5e-7,-2.5e-300],"large":[1e21,1.5e300,123456789.125]}',
    '{"whole":2.0,"big":100000000000000000000000001,"e16":1e16,"minus":-0.0}',
    '{"nan":NaN,"up":Infinity,"down":-Infinity}',
]
MOMENTS = [
    1771848000000000,
    1771848000123456,
    1771848000100000,
    1771848000000001,
    1771848059999999,
    4102444799999990,
    1771848000999999,
]
NAMES = ["restart", "a/b", "with space", "caf\u00e9", "\U0001f600"]


def moment(micros):
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return epoch + datetime.timedelta(microseconds=micros)


def operations():
    for i, kwargs in enumerate(KWARGS):
        yield {
            "operation": NAMES[i % len(NAMES)],
            "kwargs": kwargs,
            "requestedAt": MOMENTS[i],
            "maxRetries": [None, 0, 3][i % 3],
            "attempt": i % 4,
        }


def charmlibs(each):
    from charmlibs.rollingops._common._models import _Operation, _OperationQueue

    operation = _Operation(
        callback_id=each["operation"],
        kwargs=json.loads(each["kwargs"]),
        requested_at=moment(each["requestedAt"]),
        max_retry=each["maxRetries"],
        attempt=each["attempt"],
    )
    return _OperationQueue([operation]).to_string()


def v1(each):
    from charms.rolling_ops.v1.rollingops import Operation, OperationQueue

    operation = Operation(
        callback_id=each["operation"],
        kwargs=json.loads(each["kwargs"]),
        requested_at=moment(each["requestedAt"]),
        max_retry=each["maxRetries"],
        attempt=each["attempt"],
    )
    return OperationQueue([operation]).to_string()


def main():
    warnings.simplefilter("ignore")
    sys.path[:0] = sys.argv[1:]
    writers = {"charmlibs": charmlibs, **({"v1": v1} if len(sys.argv) > 1 else {})}
    cases = [
        {**each, **{name: write(each) for name, write in writers.items()}} for each in operations()
    ]
    json.dump(cases, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
