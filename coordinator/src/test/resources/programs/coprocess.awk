# A number goes to a co-process and comes back one larger.
BEGIN {
    log_file = ARGV[1]
    helper = "while read -r n; do echo $((n + 1)); done"
    number = 0
    while (1) {
        asked = number
        print number |& helper
        if ((helper |& getline number) <= 0 || number != asked + 1)
            print "coprocess-failed", asked >>log_file
        print "coprocess", number >>log_file
        fflush(log_file)
    }
}
