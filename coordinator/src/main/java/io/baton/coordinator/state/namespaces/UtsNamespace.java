package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.UtsnsEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemInfo;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The names of host and domain. */
final class UtsNamespace implements NamespaceKind {
    private static final int LONGEST_NAME = 64;

    @Override
    public Namespace namespace() {
        return Namespace.UTS;
    }

    @Override
    public Account account() {
        return new Account(
                "uts namespace",
                "/proc/sys/kernel, seen from inside",
                "unshare(2), sethostname(2), setdomainname(2)",
                "UtsnsEntry");
    }

    @Override
    public void inspect(int root, int task, Refusals refusals) {}

    @Override
    public void capture(TreeNamespaces tree, int task, int id, ImageDirectory image) throws IOException {
        SystemInfo.Names names = Visit.of(task, Namespace.UTS, SystemInfo::names);
        image.write(
                ImageKind.UTSNS,
                id,
                UtsnsEntry.newBuilder()
                        .setNodename(names.node())
                        .setDomainname(names.domain())
                        .build());
    }

    @Override
    public void validate(Saved saved, Refusals refusals) throws IOException {
        if (saved.isSaved()) {
            UtsnsEntry names = read(saved);
            checkLength(saved, "hostname", names.getNodename(), refusals);
            checkLength(saved, "domainname", names.getDomainname(), refusals);
        }
    }

    private static void checkLength(Saved saved, String what, String name, Refusals refusals) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length > LONGEST_NAME) {
            refusals.add(saved.root(), what, "is longer than " + LONGEST_NAME + " bytes: " + length, "");
        }
    }

    /** A new namespace has the names of the one it was made in. */
    @Override
    public void compile(Saved saved, ProgramBuilder program) throws IOException {
        program.call(SyscallNumber.UNSHARE).value(Namespace.UTS.flag());
        if (saved.isSaved()) {
            UtsnsEntry names = read(saved);
            name(SyscallNumber.SETHOSTNAME, names.getNodename(), program);
            name(SyscallNumber.SETDOMAINNAME, names.getDomainname(), program);
        }
    }

    private static void name(int call, String name, ProgramBuilder program) {
        int text = program.string(name);
        program.call(call).data(text).value(name.getBytes(StandardCharsets.UTF_8).length);
    }

    private static UtsnsEntry read(Saved saved) throws IOException {
        return saved.image().one(ImageKind.UTSNS, saved.id(), UtsnsEntry.class);
    }
}
