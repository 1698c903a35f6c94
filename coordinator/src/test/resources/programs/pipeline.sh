# A producer that is faster than the last of its readers: both pipes and awk's buffers are full of numbers.
{
    n=0
    while :; do
        n=$((n + 1))
        echo "$n"
    done
} | awk '{ print "pipeline", $1 }' | while read -r line; do
    echo "$line" >>"$1"
done
