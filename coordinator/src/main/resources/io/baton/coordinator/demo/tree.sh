# SPDX-License-Identifier: Apache-2.0
# The tree that `baton demo` saves and restores. Run in a directory of its own, in a session of its own.

# A pipeline: one process counts, the other writes down what comes through the pipe.
i=0
while :; do
	i=$((i + 1))
	echo "$i"
	sleep 0.2
done | while read -r count; do
	echo "$count" >>ticks
done &

# A zombie: who should wait for it has become a sleep, which never does.
sh -c 'sh -c "exit 7" & exec sleep 1000' &

# A session of its own within the tree.
setsid sh -c 'while :; do sleep 5; done' &

# Threads that count, if there was a compiler or a Python.
if [ -x ./threads ]; then
	./threads &
elif [ -f threads.py ]; then
	python3 threads.py &
fi

wait
