package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Item;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.InventoryEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import io.baton.mktree.image.proto.UsernsEntry;
import io.baton.task.linux.Identity;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The namespaces a tree comes back in: those it was saved in, and those that the user asks for. */
public final class SavedNamespaces {
    private final ImageDirectory image;
    private final int root;
    private final TaskKobjIdsEntry dumper;
    private final TaskKobjIdsEntry ids;
    private final Set<Namespace> wanted = EnumSet.noneOf(Namespace.class);
    private final List<JoinedNamespace> joins;
    private @Nullable UsernsEntry users;
    private UserIds userIds = UserIds.SAME;
    private List<Integer> rootGroups = List.of();
    private int holder;

    /**
     * Those of an image.
     *
     * @param root pid of the tree's root
     * @param ids of the root
     * @param asked what the user wants new
     * @param joins those of others, in place of what the image has
     */
    public SavedNamespaces(
            ImageDirectory image,
            InventoryEntry inventory,
            int root,
            TaskKobjIdsEntry ids,
            Set<Namespace> asked,
            List<JoinedNamespace> joins)
            throws IOException {
        this.image = image;
        this.root = root;
        this.dumper = inventory.getRootIds();
        this.ids = ids;
        this.joins = joins;
        wanted.addAll(asked);
        for (Namespace namespace : Namespace.values()) {
            if (isSaved(namespace)) {
                wanted.add(namespace);
            }
        }
        if (isSaved(Namespace.USER)) {
            UsernsEntry entry = UserNamespace.read(image, ids.getUserNsId());
            users = entry;
            CoreEntry core = image.one(ImageKind.CORE, root, CoreEntry.class);
            rootGroups = core.getThreadCore().getCreds().getGroupsList();
            userIds = new UserIds(new IdMap(entry.getUidMapList()), new IdMap(entry.getGidMapList()));
        }
    }

    /** Whether a task besides makes them and stays in them, see {@link HeldNamespaces}. */
    public boolean areHeld() {
        return users != null && !wanted.contains(Namespace.PID);
    }

    /** Whether the tree is born into its user namespace, see {@link InnerNamespaces}. */
    public boolean areInner() {
        return users != null && wanted.contains(Namespace.PID);
    }

    /** Groups that tasks born inside have and cannot change; null if they can. */
    public @Nullable List<Integer> fixedGroups() {
        UsernsEntry entry = users;
        return entry != null && entry.getSetgroupsDenied() ? rootGroups : null;
    }

    /** Users and groups, inside and outside. */
    public UserIds userIds() {
        return userIds;
    }

    /** Users and groups, as the image has them and as tasks call them while they restore themselves. */
    public UserIds workingIds() {
        return areInner() ? UserIds.SAME : userIds;
    }

    /** What the helper does before it makes the root. */
    public void compileHelper(ProgramBuilder program) {
        if (!areInner()) {
            return;
        }
        if (isSaved(Namespace.MNT)) {
            forKinds((kind, saved) -> {
                if (kind.namespace() == Namespace.MNT) {
                    compile(kind, saved, program);
                }
            });
        }
        program.tag(Item.NAMESPACE.tag(Namespace.USER.flag() >>> Item.NAMESPACE_SHIFT));
        List<Integer> groups = fixedGroups();
        if (groups != null) {
            InnerNamespaces.groups(userIds, groups, program);
        }
        InnerNamespaces.own(owner(), program);
    }

    /** Clone flags of a root that is born into namespaces. */
    public int rootFlags() {
        return Namespace.PID.flag() | (areInner() ? Namespace.USER.flag() : 0);
    }

    /** What the root could not do itself, once it has made its namespaces. */
    public void settle(int task) {
        if (areInner() && isSaved(Namespace.IPC)) {
            int user = userIds.userOutside(0);
            forKinds((kind, saved) -> {
                if (kind.namespace() == Namespace.IPC) {
                    IpcNamespace.settle(saved, task, user == IdMap.NONE ? Identity.uid() : user);
                }
            });
        }
        if (isSaved(Namespace.IPC)) {
            forKinds((kind, saved) -> {
                if (kind.namespace() == Namespace.IPC) {
                    IpcNamespace.fill(saved, task, userIds);
                }
            });
        }
    }

    /** Whether the tree has a user namespace. */
    public boolean makesIpc() {
        return isSaved(Namespace.IPC);
    }

    /** Whether it is in a user namespace of its own. */
    public boolean hasUsers() {
        return users != null;
    }

    /** In which slot is who holds them. */
    public void heldBy(int slot) {
        holder = slot;
    }

    /** Sets up the user namespace that a task has made. */
    public void writeMaps(int task) {
        UsernsEntry entry = users;
        if (entry != null) {
            UserNamespace.writeMaps(task, entry);
        }
    }

    /** A task joins the user namespace. */
    public void joinUsers(ProgramBuilder program) {
        HeldNamespaces.joinUser(holder, program);
    }

    /** What the holder does first; then its maps are written. */
    public void compileLeave(ProgramBuilder program) {
        compileHeld(program, HeldNamespaces::leave);
    }

    /** What the holder does in PREPARE_NAMESPACES. */
    public void compileHeld(ProgramBuilder program) {
        compileHeld(program, HeldNamespaces::make);
    }

    /** A part of the holder's work. */
    private interface Part {
        void of(HeldNamespaces held, ProgramBuilder program, HeldNamespaces.Making making) throws IOException;
    }

    private void compileHeld(ProgramBuilder program, Part part) {
        try {
            part.of(
                    held(),
                    program,
                    namespace -> forKinds((kind, saved) -> {
                        if (kind.namespace() == namespace) {
                            compile(kind, saved, program);
                        }
                    }));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private HeldNamespaces held() {
        return new HeldNamespaces(wanted, userIds, owner());
    }

    /** To whom the user namespace belongs. */
    private int owner() {
        UsernsEntry entry = users;
        return entry != null && entry.hasOwner() ? entry.getOwner() : Identity.uid();
    }

    /** Whether the tree was not in the namespace of whoever dumped it; images without ids say nothing of that. */
    private boolean isSaved(Namespace namespace) {
        int id = namespace.id(ids);
        return id != 0 && namespace.id(dumper) != 0 && id != namespace.id(dumper) && !joins(namespace);
    }

    /** Whether it comes back in one of somebody else's. */
    public boolean joins(Namespace namespace) {
        return joins.stream().anyMatch(join -> join.namespace() == namespace);
    }

    /** All that are made new, by whomever. */
    public Set<Namespace> wanted() {
        return EnumSet.copyOf(wanted);
    }

    /** Mounts a /proc of their own in a copy of our mounts, as a pid namespace wants it. */
    public void mountProc(ProgramBuilder program) {
        try {
            int id = isSaved(Namespace.MNT) ? ids.getMntNsId() : 0;
            MountNamespace.copy(MountNamespace.procFlags(image, id), program);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the root has some to make. */
    public boolean hasWork() {
        return !joins.isEmpty() || NamespaceKind.ALL.stream().anyMatch(kind -> wanted.contains(kind.namespace()));
    }

    /** Adds every reason why they cannot be made here. */
    public void validate(Refusals refusals) {
        for (Namespace namespace : wanted) {
            if (namespace != Namespace.PID
                    && NamespaceKind.ALL.stream().noneMatch(kind -> kind.namespace() == namespace)) {
                refusals.add(root, namespace.text() + " namespace", "cannot be made yet", "");
            }
        }
        for (JoinedNamespace join : joins) {
            if (hasUsers()) {
                refusals.add(
                        root, join.namespace().text() + " namespace", "cannot be joined from a user namespace yet", "");
            } else if (wanted.contains(join.namespace())) {
                refusals.add(
                        root,
                        join.namespace().text() + " namespace",
                        "cannot be new and joined",
                        "leave out one of both");
            } else {
                join.validate(root, refusals);
            }
        }
        if (areInner() && root != 1) {
            refusals.add(root, "user namespace", "has the pid namespace too, and the root is not its init", "");
        }
        forKinds((kind, saved) -> kind.validate(saved, refusals));
    }

    /** Adds the reason why a process of the tree cannot be restored: it was in others than the root. */
    public void validate(int pid, TaskKobjIdsEntry other, Refusals refusals) {
        for (Namespace namespace : Namespace.values()) {
            if (namespace.id(other) != namespace.id(ids)) {
                refusals.add(
                        pid, namespace.text() + " namespace", "is not that of the tree's root: not supported yet", "");
            }
        }
    }

    /** What the root does. */
    public void compile(ProgramBuilder program) {
        for (JoinedNamespace join : joins) { // by names that are ours, so before there are other mounts
            program.tag(Item.NAMESPACE.tag(join.namespace().flag() >>> Item.NAMESPACE_SHIFT));
            join.compile(program);
        }
        if (areHeld()) {
            held().join(holder, program);
        } else {
            forKinds((kind, saved) -> {
                if (!areInner() || kind.namespace() != Namespace.MNT) { // the helper has done that
                    compile(kind, saved, program);
                }
            });
        }
    }

    private static void compile(NamespaceKind kind, NamespaceKind.Saved saved, ProgramBuilder program)
            throws IOException {
        program.tag(Item.NAMESPACE.tag(kind.namespace().flag() >>> Item.NAMESPACE_SHIFT));
        kind.compile(saved, program);
    }

    /** Something done with a kind. */
    private interface Work {
        void with(NamespaceKind kind, NamespaceKind.Saved saved) throws IOException;
    }

    private void forKinds(Work work) {
        try {
            for (NamespaceKind kind : NamespaceKind.ALL) {
                Namespace namespace = kind.namespace();
                if (wanted.contains(namespace)) {
                    int id = isSaved(namespace) ? namespace.id(ids) : 0;
                    boolean pids = wanted.contains(Namespace.PID);
                    work.with(kind, new NamespaceKind.Saved(root, image, id, pids, hasUsers(), areInner()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
