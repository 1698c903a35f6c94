"""A Python program that is asked before a dump.

    python3 suspend.py libbaton-task.so log
"""
import ctypes
import sys
import threading

POSTPONE, HOUSEKEEPING = 0, 1
RESULTS = ["ignored", "continued", "restored"]

baton = ctypes.CDLL(sys.argv[1])
asked = threading.Event()


def say(what):
    with open(sys.argv[2], "a") as log:
        print(what, file=log)


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
def start(context):  # on a thread of the library's
    asked.set()
    return HOUSEKEEPING


if baton.baton_register(start, None) != 0:
    sys.exit("cannot be registered")
say("ready")
while True:
    asked.wait()
    asked.clear()
    say("suspend")  # close connections, write what is to be written
    say(RESULTS[baton.baton_complete()])  # stands still until it runs on; other threads run on, too
