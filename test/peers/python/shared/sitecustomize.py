"""Gives each unit of a test its own host name: real charms on one machine would all read the machine's.

Python imports this module before anything else. Neither the library nor ops is touched: `os.uname` is.
"""

import os

_hostname = os.environ.get("ROLLCALL_TEST_HOSTNAME")
if _hostname:
    _machine = os.uname()
    _unit = os.uname_result((_machine.sysname, _hostname, *_machine[2:]))
    os.uname = lambda: _unit
