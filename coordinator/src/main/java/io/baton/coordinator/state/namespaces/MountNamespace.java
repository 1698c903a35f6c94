package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.FsType;
import io.baton.mktree.image.proto.MntEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A mount namespace that shows what ours shows, but for mounts it does not have and a /proc of its own. It is made as a
 * copy of ours, from which goes what the saved one did not have. What is mounted outside later is seen inside; what is
 * done inside is not seen outside, and goes with the tree.
 */
public final class MountNamespace implements NamespaceKind {
    private static final int MS_REC = 0x4000;
    private static final int MS_SLAVE = 1 << 19;
    private static final int MNT_DETACH = 2;
    private static final int MINOR_BITS = 20;
    /** Words of {@code /proc/PID/mountinfo}, see mount(2). */
    private static final Map<String, Integer> FLAGS = Map.of(
            "ro", 1, "nosuid", 2, "nodev", 4, "noexec", 8, "nosymfollow", 256, "noatime", 1024, "nodiratime", 2048);

    private static final String USUAL_PROC = "nosuid,nodev,noexec";
    private static final String SELF = "self";
    private static final String PROC = "/proc";

    @Override
    public Namespace namespace() {
        return Namespace.MNT;
    }

    @Override
    public Account account() {
        return new Account(
                        "mnt namespace",
                        "/proc/PID/mountinfo",
                        "a copy of ours, from which goes what it did not have, and a /proc of its own",
                        "MntEntry")
                .refusing("is not one of ours, and mounts are not saved yet");
    }

    @Override
    public void inspect(int root, int task, Refusals refusals) {
        Set<String> ours = new HashSet<>();
        Mount.of(SELF).forEach(mount -> ours.add(mount.device() + " " + mount.view()));
        for (Mount mount : Mount.of(Integer.toString(task))) {
            if (!mount.isProc() && !ours.contains(mount.device() + " " + mount.view())) {
                refusals.add(
                        root,
                        "mount " + mount.point() + " (" + mount.type() + ", " + mount.options() + ")",
                        "is not one of ours, and mounts are not saved yet",
                        "mount the same outside, or unmount it");
            }
        }
    }

    @Override
    public void capture(TreeNamespaces tree, int task, int id, ImageDirectory image) throws IOException {
        List<MntEntry> entries = new ArrayList<>();
        for (Mount mount : Mount.of(Integer.toString(task))) {
            entries.add(entry(mount));
        }
        image.write(ImageKind.MNTS, id, entries);
    }

    /** The flags are in the options too, which is where we read them. */
    private static MntEntry entry(Mount mount) {
        String[] device = mount.device().split(":");
        FsType type = mount.type().equals("proc") ? FsType.PROC : FsType.UNSUPPORTED;
        return MntEntry.newBuilder()
                .setFstype(type.getNumber())
                .setFsname(mount.type())
                .setMntId(mount.id())
                .setRootDev(Integer.parseInt(device[0]) << MINOR_BITS | Integer.parseInt(device[1]))
                .setParentMntId(mount.parent())
                .setFlags(0)
                .setRoot(mount.root())
                .setMountpoint(mount.point())
                .setSource(mount.source())
                .setOptions(mount.options())
                .build();
    }

    private static String view(MntEntry mount) {
        return String.join(" ", mount.getMountpoint(), mount.getRoot(), mount.getFsname(), mount.getOptions());
    }

    private static boolean isProc(MntEntry mount) {
        return mount.getFstype() == FsType.PROC.getNumber()
                && mount.getMountpoint().equals(PROC);
    }

    @Override
    public void validate(Saved saved, Refusals refusals) throws IOException {
        if (!saved.isSaved()) {
            return;
        }
        Set<String> ours = new HashSet<>();
        Mount.of(SELF).forEach(mount -> ours.add(mount.view()));
        Set<String> points = new HashSet<>();
        for (MntEntry mount : mounts(saved)) {
            points.add(mount.getMountpoint());
            if (!isProc(mount) && !ours.contains(view(mount))) {
                refusals.add(
                        saved.root(),
                        "mount " + mount.getMountpoint() + " (" + mount.getFsname() + ", " + mount.getOptions() + ")",
                        "is not here, and mounts are not restored yet",
                        "mount it first");
            }
        }
        for (Mount mount : superfluous(saved)) {
            if (points.contains(mount.point())) {
                String reason = "lies where the image has another one";
                refusals.add(saved.root(), "mount " + mount.point(), reason, "unmount it first");
            }
        }
    }

    /** Mounts we have and the image has not. */
    private static List<Mount> superfluous(Saved saved) throws IOException {
        Set<String> wanted = new HashSet<>();
        mounts(saved).forEach(mount -> wanted.add(view(mount)));
        List<Mount> superfluous = new ArrayList<>();
        for (Mount mount : Mount.of(SELF)) {
            if (!mount.isProc() && !wanted.contains(mount.view())) {
                superfluous.add(mount);
            }
        }
        Collections.reverse(superfluous); // those on top first
        return superfluous;
    }

    @Override
    public void compile(Saved saved, ProgramBuilder program) throws IOException {
        if (saved.ownUsers()) {
            slave(program); // and no /proc: to mount that takes a pid namespace of their own too
        } else if (!saved.privateMounts()) {
            copy(procFlags(saved.image(), saved.id()), program);
        }
        if (saved.isSaved()) {
            for (Mount mount : superfluous(saved)) {
                int point = program.string(mount.point());
                // It may be gone by now, which is as good.
                program.call(SyscallNumber.UMOUNT2)
                        .data(point)
                        .value(MNT_DETACH)
                        .orErrno(Errno.EINVAL);
            }
        }
    }

    /** Flags of a saved /proc of the namespace's own, which lies on top; those that are usual if there is none. */
    static int procFlags(ImageDirectory image, int id) throws IOException {
        String options = USUAL_PROC;
        for (MntEntry mount : id == 0 ? List.<MntEntry>of() : image.all(ImageKind.MNTS, id, MntEntry.class)) {
            options = isProc(mount) ? mount.getOptions() : options;
        }
        int flags = 0;
        for (String option : options.split(",")) {
            flags |= FLAGS.getOrDefault(option, 0);
        }
        return flags;
    }

    /**
     * Makes a namespace of its own with a /proc of its own; what is mounted there stays there.
     *
     * @param procFlags of that, {@code MS_...}
     */
    public static void copy(int procFlags, ProgramBuilder program) {
        slave(program);
        int proc = program.string("proc");
        int point = program.string(PROC);
        program.call(SyscallNumber.MOUNT)
                .data(proc)
                .data(point)
                .data(proc)
                .value(procFlags)
                .value(0);
    }

    private static void slave(ProgramBuilder program) {
        int everything = program.string("/");
        program.call(SyscallNumber.UNSHARE).value(Namespace.MNT.flag());
        program.call(SyscallNumber.MOUNT)
                .value(0)
                .data(everything)
                .value(0)
                .value(MS_REC | MS_SLAVE)
                .value(0);
    }

    private static List<MntEntry> mounts(Saved saved) throws IOException {
        return saved.image().all(ImageKind.MNTS, saved.id(), MntEntry.class);
    }
}
