# A master with three workers, a pair of pipes each. It asks them in turn for the double of a number, all three before it
# reads the first answer, so that numbers are under way in all pipes.
use strict;
use warnings;
use IO::Handle;

my $path = shift;
open(my $log, '>>', $path) or die $!;
$log->autoflush(1);
my @workers;
for my $i (0 .. 2) {
    pipe(my $request, my $to) or die $!;
    pipe(my $from, my $answer) or die $!;
    my $pid = fork() // die $!;
    if ($pid == 0) {
        close($_) for $to, $from, map { ($_->{to}, $_->{from}) } @workers;
        $answer->autoflush(1);
        while (my $line = <$request>) {
            chomp $line;
            select(undef, undef, undef, 0.001) if $line % 5 == 0;
            print $answer $line, ' ', $line * 2, "\n";
        }
        exit 3;
    }
    close($request);
    close($answer);
    $to->autoflush(1);
    push @workers, { to => $to, from => $from, asked => 0, answered => 0 };
}
while (1) {
    for my $worker (@workers) {
        print { $worker->{to} } ++$worker->{asked}, "\n" for 1 .. 20;
    }
    for my $i (0 .. $#workers) {
        my $worker = $workers[$i];
        for (1 .. 20) {
            my $line = readline($worker->{from}) // die "worker $i has gone";
            my ($n, $double) = split ' ', $line;
            $worker->{answered}++;
            print $log $n == $worker->{answered} && $double == 2 * $n ? "worker$i $n\n" : "worker$i-failed $n\n";
        }
    }
}
