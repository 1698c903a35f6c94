# A master with four workers it waits for with select; each worker has a pipe to it and one from it. Every answer is the
# next of its worker's numbers.
import os, select, sys

log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def work(request, answer):
    with os.fdopen(request) as lines, os.fdopen(answer, "w", buffering=1) as out:
        for line in lines:
            out.write(f"{int(line) + 1}\n")


workers = {}
for i in range(4):
    request, to = os.pipe()
    source, answer = os.pipe()
    if os.fork() == 0:
        os.close(to)
        os.close(source)
        work(request, answer)
        os._exit(3)
    os.close(request)
    os.close(answer)
    workers[source] = [i, to, os.fdopen(source), 0]
    os.write(to, b"0\n")
while True:
    ready, _, _ = select.select(list(workers), [], [], 5)
    if not ready:
        os.write(log, b"select-failed 1\n")
    for source in ready:
        worker = workers[source]
        n = int(worker[2].readline())
        worker[3] += 1
        failed = "" if n == worker[3] else "-failed"
        os.write(log, f"worker{worker[0]}{failed} {n}\n".encode())
        os.write(worker[1], f"{n}\n".encode())
