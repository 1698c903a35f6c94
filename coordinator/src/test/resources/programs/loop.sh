# A shell that counts, and forks now and then.
n=0
while :; do
    n=$((n + 1))
    echo "loop $n"
    ((n % 100)) || sleep 0.01
done >>"$1"
