# Threads that count, hand numbers on through queues, and wait for conditions with and without a timeout.
import os, queue, sys, threading, time

log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def say(name, n):
    os.write(log, f"{name} {n}\n".encode())


def count(name):
    n = 0
    while True:
        n += 1
        say(name, n)
        time.sleep(0.003)


def produce(to):
    n = 0
    while True:
        n += 1
        to.put(n)


def consume(source):
    while True:
        say("queue", source.get())
        time.sleep(0.001)


def time_out():
    never = threading.Condition()
    n = 0
    while True:
        with never:
            if never.wait(0.005):
                say("condition-failed", n)
        n += 1
        say("condition", n)


numbers = queue.Queue(maxsize=10)
for i in range(4):
    threading.Thread(target=count, args=(f"thread{i}",)).start()
threading.Thread(target=produce, args=(numbers,)).start()
threading.Thread(target=consume, args=(numbers,)).start()
time_out()
