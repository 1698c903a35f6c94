package io.baton.coordinator.state.namespaces;

import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Netlink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All that can be told of a network namespace but for its sockets, which are their owners' descriptors: what is there,
 * under the name a user would know it by. A namespace with the facts of a new one can be made again.
 */
final class NetworkFacts {
    private static final Path NET = Path.of("/proc/thread-self/net");
    private static final Path SYSCTLS = Path.of("/proc/sys/net");
    /** They change by themselves. */
    private static final Set<String> LIVELY = Set.of("netfilter/nf_conntrack_count");

    private static final int RULE_HEADER = 12;
    private static final int QUEUE_HEADER = 20;
    private static final int FILTER_HEADER = 4;
    /** Of a line of {@code ipv6_route}: counts of users. */
    private static final Set<Integer> COUNTERS = Set.of(6, 7);

    private NetworkFacts() {}

    /** The facts about the namespace of the calling thread. */
    static Map<String, String> here() {
        Map<String, String> facts = new TreeMap<>();
        devices(facts);
        file("IPv4 addresses and routes", "fib_trie", facts);
        file("IPv4 routes", "route", facts);
        file("IPv6 addresses", "if_inet6", facts);
        facts.put("IPv6 routes", routes6());
        file("ARP entries", "arp", facts);
        file("iptables tables", "ip_tables_names", facts);
        file("ip6tables tables", "ip6_tables_names", facts);
        file("arptables tables", "arp_tables_names", facts);
        count("routing rules", Netlink.count(Netlink.ROUTE, Netlink.GET_RULES, RULE_HEADER), facts);
        count("queueing disciplines", Netlink.count(Netlink.ROUTE, Netlink.GET_QUEUES, QUEUE_HEADER), facts);
        count("nftables tables", Netlink.count(Netlink.NETFILTER, Netlink.GET_TABLES, FILTER_HEADER), facts);
        count("IPsec policies", Netlink.count(Netlink.XFRM, Netlink.GET_POLICIES, 0), facts);
        count("IPsec states", Netlink.count(Netlink.XFRM, Netlink.GET_STATES, 0), facts);
        sysctls(facts);
        return facts;
    }

    private static void count(String name, int count, Map<String, String> facts) {
        facts.put(name, Integer.toString(count));
    }

    /** Two lines of heading; of lo only that it is there, see {@link Loopback}. */
    private static void devices(Map<String, String> facts) {
        List<String> lines = text(NET.resolve("dev")).lines().toList();
        for (String line : lines.subList(Math.min(2, lines.size()), lines.size())) {
            String name = line.substring(0, line.indexOf(':')).strip();
            String flags = name.equals(Loopback.NAME) ? "" : Integer.toHexString(Loopback.flags(name));
            facts.put("device ".concat(name), flags);
        }
    }

    private static void file(String name, String file, Map<String, String> facts) {
        facts.put(name, text(NET.resolve(file)));
    }

    private static String routes6() {
        return text(NET.resolve("ipv6_route"))
                .lines()
                .map(NetworkFacts::withoutCounters)
                .sorted()
                .collect(Collectors.joining("\n"));
    }

    private static String withoutCounters(String line) {
        String[] words = line.split("\\s+");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < words.length; i++) {
            text.append(COUNTERS.contains(i) ? "-" : words[i]).append(' ');
        }
        return text.toString();
    }

    private static void sysctls(Map<String, String> facts) {
        try (Stream<Path> files = Files.walk(SYSCTLS)) {
            files.filter(Files::isRegularFile).forEach(file -> {
                String name = SYSCTLS.relativize(file).toString();
                if (!LIVELY.contains(name)) {
                    facts.put("net/".concat(name), text(file));
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What cannot be read cannot be told apart from what cannot be read elsewhere. */
    private static String text(Path file) {
        try {
            return VirtualFile.text(file.toString());
        } catch (LinuxException e) {
            return "";
        }
    }
}
