# A shell that is woken by signals from a child, has a trap for them, and waits for one sleep after the other.
log=$1
signals=0
sleeps=0
trap 'signals=$((signals + 1)); echo "trap $signals" >>"$log"' USR1
(
    while kill -USR1 $$; do
        sleep 0.02
    done
) &
while :; do
    sleep 0.03 &
    child=$!
    # wait is cut short by each trap.
    while wait "$child"; test $? -gt 128; do
        :
    done
    sleeps=$((sleeps + 1))
    echo "sleep $sleeps" >>"$log"
done
