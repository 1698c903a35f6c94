# SPDX-License-Identifier: Apache-2.0
"""Threads that count, each into a file of its own."""

import itertools
import threading
import time


def count(number):
    with open(f"thread-{number}", "a", buffering=1) as file:
        for i in itertools.count(1):
            file.write(f"{i}\n")
            time.sleep(0.2)


for number in range(1, 4):
    threading.Thread(target=count, args=(number,)).start()
