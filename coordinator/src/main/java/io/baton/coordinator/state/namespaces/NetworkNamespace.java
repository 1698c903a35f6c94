package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.NdType;
import io.baton.mktree.image.proto.NetDeviceEntry;
import io.baton.mktree.image.proto.NetnsEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;

/**
 * A network namespace in which nothing was set up but {@code lo}. Whatever else it may have is held against a new one made
 * for that purpose, and each difference is a reason to refuse it: so nothing can be lost that nobody had thought of.
 */
final class NetworkNamespace implements NamespaceKind {
    private static final int LOOPBACK_INDEX = 1;
    private static final int LONGEST = 60;
    private static final String SYSCTLS = "net/";
    private static final String REMEDY = "only a namespace with nothing but lo can be brought back yet";

    /** Files beside CRIU's netns image that hold what tools of others print; ours are empty of it. */
    private static final List<String> FOREIGN = List.of(
            "ifaddr-%d.img",
            "route-%d.img", "route6-%d.img", "rule-%d.img", "iptables-%d.img", "ip6tables-%d.img", "nftables-%d.img");

    /** What a namespace is made of. */
    private record Look(Loopback loopback, Map<String, String> facts) {}

    @Override
    public Namespace namespace() {
        return Namespace.NET;
    }

    @Override
    public Account account() {
        return new Account(
                        "net namespace",
                        "what a look inside shows, compared with a new one",
                        "unshare(2), lo as it was",
                        "NetnsEntry",
                        "NetDeviceEntry")
                .refusing("has unusual flags: *", "not supported yet", "not as in a new namespace: *", "is missing");
    }

    @Override
    public void inspect(int root, int task, Refusals refusals) {
        Look found = Visit.of(task, Namespace.NET, () -> new Look(Loopback.current(), NetworkFacts.here()));
        if (!found.loopback().isPlain()) {
            String flags = "0x" + Integer.toHexString(found.loopback().flags());
            refusals.add(root, "network device lo", "has unusual flags: " + flags, REMEDY);
        }
        Map<String, String> expected = Visit.ofNew(Namespace.NET, () -> {
            found.loopback().apply();
            return NetworkFacts.here();
        });
        found.facts().forEach((name, value) -> {
            if (!value.equals(expected.get(name))) {
                String usual = expected.get(name);
                refusals.add(
                        root,
                        "net namespace: " + name,
                        usual == null
                                ? "not supported yet"
                                : "not as in a new namespace: " + shown(value) + " instead of " + shown(usual),
                        REMEDY);
            }
        });
        // Of some sysctls the kernel shows nothing in a namespace that does not belong to the first user namespace.
        boolean hides = !NamespaceOwner.userNamespace(task, Namespace.NET)
                .equals(VirtualFile.link("/proc/self/" + Namespace.USER.link()));
        expected.keySet().stream()
                .filter(name -> !found.facts().containsKey(name) && !(hides && name.startsWith(SYSCTLS)))
                .forEach(name -> refusals.add(root, "net namespace: " + name, "is missing", REMEDY));
    }

    private static String shown(String value) {
        String line = value.replaceAll("\\s+", " ").strip();
        return line.length() > LONGEST ? line.substring(0, LONGEST) + "..." : line.isEmpty() ? "nothing" : line;
    }

    @Override
    public void capture(TreeNamespaces tree, int task, int id, ImageDirectory image) throws IOException {
        Loopback loopback = Visit.of(task, Namespace.NET, Loopback::current);
        image.write(ImageKind.NETNS, id, NetnsEntry.getDefaultInstance());
        image.write(
                ImageKind.NETDEV,
                id,
                NetDeviceEntry.newBuilder()
                        .setType(NdType.LOOPBACK)
                        .setIfindex(LOOPBACK_INDEX)
                        .setMtu(loopback.mtu())
                        .setFlags(loopback.flags())
                        .setName(Loopback.NAME)
                        .build());
    }

    @Override
    public void validate(Saved saved, Refusals refusals) throws IOException {
        if (!saved.isSaved()) {
            return;
        }
        int devices = 0;
        for (NetDeviceEntry device : devices(saved)) {
            if (device.getType() != NdType.LOOPBACK || !device.getName().equals(Loopback.NAME)) {
                refusals.add(saved.root(), "network device " + device.getName(), "not supported yet", "");
            } else {
                devices++;
            }
        }
        if (devices != 1) {
            refusals.add(saved.root(), "net namespace", "the image does not have one device lo", "");
        }
        for (String file : FOREIGN) {
            String name = String.format(file, saved.id());
            if (Files.exists(saved.image().path().resolve(name))) {
                refusals.add(saved.root(), "net namespace: " + name, "its contents are not supported yet", "");
            }
        }
    }

    /** What is not saved is brought up: a tree without any loopback is of no use. */
    @Override
    public void compile(Saved saved, ProgramBuilder program) throws IOException {
        program.call(SyscallNumber.UNSHARE).value(Namespace.NET.flag());
        if (saved.isSaved()) {
            NetDeviceEntry device = devices(saved).get(0);
            new Loopback(device.getFlags(), device.getMtu()).compile(program);
        } else {
            new Loopback(Loopback.UP, Loopback.USUAL_MTU).compile(program);
        }
    }

    private static List<NetDeviceEntry> devices(Saved saved) throws IOException {
        return saved.image().all(ImageKind.NETDEV, saved.id(), NetDeviceEntry.class);
    }
}
