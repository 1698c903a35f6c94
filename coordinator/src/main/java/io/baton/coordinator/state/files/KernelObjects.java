package io.baton.coordinator.state.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the kernel keeps for a netlink socket, by its port, and drops when it is closed. */
final class KernelObjects {
    private static final int NETFILTER = 12;
    private static final int PORT_COLUMN = 1;

    private KernelObjects() {}

    /** What it is, of a netlink socket of that protocol and port; empty if there is nothing that one can see. */
    static String boundTo(OpenFile file, int protocol, int port) {
        if (protocol == NETFILTER && port != 0) {
            String own = Integer.toUnsignedString(port);
            if (isListed(file, "net/netfilter/nfnetlink_queue", own)) {
                return "queue of packets (NFQUEUE)";
            } else if (isListed(file, "net/netfilter/nfnetlink_log", own)) {
                return "log of packets (NFLOG)";
            }
        }
        return "";
    }

    private static boolean isListed(OpenFile file, String table, String port) {
        for (String line : lines(Path.of(file.process().procPath(table)))) {
            String[] columns = line.trim().split("\\s+");
            if (columns.length > PORT_COLUMN && columns[PORT_COLUMN].equals(port)) {
                return true;
            }
        }
        return false;
    }

    /** None if the kernel has not got that. */
    static List<String> lines(Path table) {
        try {
            return Files.readAllLines(table);
        } catch (IOException e) {
            return List.of();
        }
    }
}
