package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.UidGidExtent;
import io.baton.mktree.image.proto.UsernsEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A user namespace: which users and groups there are inside, and who they are outside; to whom it belongs, which the
 * kernel asks for when somebody outside wants rights inside; whether setgroups(2) is forbidden. Who makes it, and when the
 * tasks get into it, see {@link HeldNamespaces}.
 */
final class UserNamespace implements NamespaceKind {
    private static final String UID_MAP = "uid_map";
    private static final String GID_MAP = "gid_map";
    private static final String SETGROUPS = "setgroups";
    private static final String DENY = "deny";
    /** Lines the kernel takes in a map. */
    private static final int MOST_EXTENTS = 340;

    @Override
    public Namespace namespace() {
        return Namespace.USER;
    }

    @Override
    public Account account() {
        return new Account(
                        "user namespace",
                        "/proc/PID/uid_map, gid_map",
                        "unshare(2) or clone3(2), maps written by the coordinator",
                        "UsernsEntry")
                .refusing("is not a child of ours: not supported yet");
    }

    /** Those of a task's namespace. */
    static UserIds ids(int task) {
        return new UserIds(map(task, UID_MAP), map(task, GID_MAP));
    }

    private static IdMap map(int task, String name) {
        return IdMap.parse(VirtualFile.text("/proc/" + task + "/" + name));
    }

    @Override
    public void inspect(int root, int task, Refusals refusals) {
        String ours = VirtualFile.link("/proc/self/" + Namespace.USER.link());
        if (!NamespaceOwner.parent(task).equals(ours)) {
            refusals.add(root, "user namespace", "is not a child of ours: not supported yet", "start us in its parent");
        }
    }

    @Override
    public void capture(TreeNamespaces tree, int task, int id, ImageDirectory image) throws IOException {
        image.write(
                ImageKind.USERNS,
                id,
                UsernsEntry.newBuilder()
                        .addAllUidMap(map(task, UID_MAP).extents())
                        .addAllGidMap(map(task, GID_MAP).extents())
                        .setOwner(NamespaceOwner.owner(task))
                        .setSetgroupsDenied(VirtualFile.text("/proc/" + task + "/" + SETGROUPS)
                                .equals(DENY))
                        .build());
    }

    @Override
    public void validate(Saved saved, Refusals refusals) throws IOException {
        if (!saved.isSaved()) {
            refusals.add(saved.root(), "user namespace", "only one that was saved can be made", "");
            return;
        }
        UsernsEntry entry = read(saved.image(), saved.id());
        validate(saved.root(), UID_MAP, entry.getUidMapList(), refusals);
        validate(saved.root(), GID_MAP, entry.getGidMapList(), refusals);
    }

    private static void validate(int root, String name, List<UidGidExtent> map, Refusals refusals) {
        if (map.isEmpty()) {
            refusals.add(root, "user namespace: " + name, "is empty: nobody would be anybody inside", "");
        } else if (map.size() > MOST_EXTENTS) {
            refusals.add(root, "user namespace: " + name, "has more than " + MOST_EXTENTS + " lines", "");
        }
    }

    /** Nothing: it is made by a flag, and set up by {@link #writeMaps} from outside. */
    @Override
    public void compile(Saved saved, ProgramBuilder program) {}

    static UsernsEntry read(ImageDirectory image, int id) throws IOException {
        return image.one(ImageKind.USERNS, id, UsernsEntry.class);
    }

    /**
     * Sets up the new user namespace that a task has made: a right of who is outside.
     *
     * @throws BatonException TASK_FAILED, naming the file
     */
    static void writeMaps(int task, UsernsEntry entry) {
        if (entry.getSetgroupsDenied()) {
            write(task, SETGROUPS, DENY); // possible only as long as there is no gid_map
        }
        write(task, UID_MAP, new IdMap(entry.getUidMapList()).text());
        write(task, GID_MAP, new IdMap(entry.getGidMapList()).text());
    }

    /** A map is taken by one write(2) or not at all. */
    private static void write(int task, String name, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        try (Fd file = Files.open("/proc/" + task + "/" + name, Files.O_WRONLY | Files.O_CLOEXEC);
                Memory memory = Memory.allocate(bytes.length)) {
            memory.buffer().putBytes(0, bytes);
            Files.write(file.number(), memory.address(), bytes.length);
        } catch (LinuxException e) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED,
                    "user namespace: " + name + " cannot be set to "
                            + text.strip().replace("\n", ", ") + ": " + e.getMessage(),
                    "restore as root of the user namespace around it",
                    e);
        }
    }
}
