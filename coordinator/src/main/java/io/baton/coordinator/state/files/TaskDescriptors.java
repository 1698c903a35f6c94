package io.baton.coordinator.state.files;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.memory.SharedMemory;
import io.baton.coordinator.state.memory.SharedObject;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.MemfdFileEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/**
 * Writes the part of a process's program that restores its descriptors, from the lowest to the highest.
 *
 * <p>A fresh task's table is known, and the kernel always gives the lowest free number: so every number is known while
 * compiling, no register is needed, each instruction expects exactly its number, and an open that lands where it
 * belongs needs no dup3. What is in the way of a number and still needed moves above all numbers of the image.
 */
final class TaskDescriptors {
    private final ProcessRestore process;
    private final RestoredFiles tree;
    private final ContextBuilder context;
    private final List<FdinfoEntry> targets;
    /** Above every number of the image. */
    private final int ceiling;

    private final BitSet open = new BitSet();
    private final Int2ObjectHashMap<Handle> occupants = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<Handle> files = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<Handle> owners = new Int2ObjectHashMap<>();
    private final List<Integer> made = new ArrayList<>();
    private final Int2ObjectHashMap<Handle> memoryFiles = new Int2ObjectHashMap<>();
    private boolean targetClosesOnExec;
    private int tag;
    private ProgramBuilder block;

    TaskDescriptors(ProcessRestore process, RestoredFiles tree, ContextBuilder context) {
        this.process = process;
        this.tree = tree;
        this.context = context;
        this.targets = new ArrayList<>(process.descriptors());
        targets.sort(Comparator.comparingInt(FdinfoEntry::getFd));
        ceiling = targets.isEmpty() ? 0 : targets.get(targets.size() - 1).getFd() + 1;
        tag = Item.DESCRIPTOR.tag(0);
        block = context.item(tag);
    }

    /** Writes it all and tells the rest of the tree where to find what was made here. */
    void compile() {
        // No number of the image; closed once all of the process is restored.
        occupy(process.imagesFd(), true);
        if (process.terminalFd() >= 0) {
            occupy(process.terminalFd(), true);
        }
        InheritedFiles inherited = InheritedFiles.of(process);
        for (int i = 0; i < inherited.count(); i++) {
            occupy(inherited.first() + i, true);
        }
        TtyInfoEntry terminal = ControllingTerminal.of(process);
        boolean early = terminal != null
                && has(tree.image().master(terminal.getPty().getIndex()).getId());
        if (terminal != null && early) {
            control(terminal);
        }
        for (FdinfoEntry target : targets) {
            tag = Item.DESCRIPTOR.tag(target.getFd());
            nextBlock();
            targetClosesOnExec = (target.getFlags() & 1) != 0;
            place(obtain(target.getId()), target.getFd());
        }
        compileWatches();
        if (terminal != null
                && !early
                && has(tree.image().master(terminal.getPty().getIndex()).getId())) {
            nextBlock();
            control(terminal);
        }
        tidy();
        publish();
    }

    /** What epoll sets watch here; all of it is open by now. */
    private void compileWatches() {
        IntHashSet sets = new IntHashSet();
        for (FdinfoEntry target : targets) {
            if (target.getType() == FdTypes.EVENTPOLL && sets.add(target.getId())) {
                FileEntry entry = process.file(target.getId());
                Handle handle = files.get(target.getId());
                if (entry != null && handle != null) {
                    tag = Item.DESCRIPTOR.tag(target.getFd());
                    EventPoll.watch(entry, this, handle.fd());
                }
            }
        }
        for (int id : tree.image().sockets().inFlight()) {
            FileEntry entry = process.file(id);
            if (entry != null && entry.hasEpfd() && EventPoll.watchesIn(entry, this) && sets.add(id)) {
                nextBlock();
                EventPoll.watch(entry, this, obtain(id).fd());
            }
        }
    }

    private void control(TtyInfoEntry terminal) {
        ControllingTerminal.emit(terminal, block);
        tree.controlled(process.pstree().getPid());
    }

    /** Whether the description with that id is there already, here or in an earlier task. */
    boolean has(int id) {
        return files.get(id) != null || tree.home(id) != null;
    }

    ProcessRestore process() {
        return process;
    }

    RestoredFiles tree() {
        return tree;
    }

    /** Where instructions about the current descriptor go. */
    ProgramBuilder block() {
        return block;
    }

    /** Hands the block over if it is full; what follows is still about the same descriptor. */
    ProgramBuilder nextBlock() {
        block = context.item(tag);
        return block;
    }

    /** Whether the descriptor that is being restored is to be closed on exec. */
    boolean targetClosesOnExec() {
        return targetClosesOnExec;
    }

    /** The lowest free number, which the call that was just written will give. */
    Handle opened(boolean closeOnExec) {
        return occupy(open.nextClearBit(0), closeOnExec);
    }

    /** As {@link #opened(boolean)}, and holds the call to it. */
    Handle expectOpened(boolean closeOnExec) {
        Handle handle = opened(closeOnExec);
        block.expect(handle.fd());
        return handle;
    }

    /** Whether the description with that id was made here, and not fetched. */
    boolean hasMade(int id) {
        return made.contains(id);
    }

    /** A descriptor of that memory file here, or null. */
    @Nullable
    Handle memoryFile(int inodeId) {
        return memoryFiles.get(inodeId);
    }

    void memoryFile(int inodeId, Handle handle) {
        memoryFiles.putIfAbsent(inodeId, handle);
    }

    /** A copy of what we have handed down. */
    Handle inherited(int id) {
        block.call(SyscallNumber.FCNTL)
                .value(InheritedFiles.of(process).number(id))
                .value(FileFlags.F_DUPFD_CLOEXEC)
                .value(0);
        return expectOpened(true);
    }

    /** Says that the description with that id is open here. */
    void bind(int id, Handle handle) {
        files.put(id, handle);
        made.add(id);
    }

    /** Closes what is not needed any more. */
    void close(Handle handle) {
        block.call(SyscallNumber.CLOSE).value(handle.fd());
        vacate(handle.fd());
    }

    /** The description with that id, made or fetched; what is no descriptor of the process is closed in the end. */
    Handle obtain(int id) {
        Handle here = files.get(id);
        if (here != null) {
            return here;
        }
        RestoredFiles.Home home = tree.home(id);
        if (home != null) {
            Handle fetched = fetch(home);
            files.put(id, fetched);
            return fetched;
        }
        make(id);
        Handle fresh = files.get(id);
        if (fresh == null) {
            throw badImage(id, "its kind did not make it");
        }
        return fresh;
    }

    private void make(int id) {
        FileEntry entry = process.file(id);
        if (entry == null) {
            throw badImage(id, "files.img has no such description");
        }
        FdTypes type = entry.getType();
        FileKind kind = FileKinds.of(type);
        if (kind == null) {
            throw badImage(id, "unknown kind of file: " + type);
        }
        if (!InheritedFiles.of(process).compile(entry, this)) {
            kind.compile(entry, this);
        }
    }

    private BatonException badImage(int id, String reason) {
        return new BatonException(
                ErrorCode.BAD_IMAGE, "pid " + process.pstree().getPid() + ": file: " + reason + ": id=" + id, "");
    }

    /** Waits until that task has had its turn, if tasks do not wait for each other anyway. */
    void after(int other) {
        context.after(other);
    }

    /** Gets a copy of another process's descriptor, sharing its description. */
    private Handle fetch(RestoredFiles.Home home) {
        Handle owner = owners.get(home.task());
        if (owner == null) {
            context.after(home.task());
            block.call(SyscallNumber.PIDFD_OPEN).value(home.task()).value(home.pidFdFlags());
            owner = expectOpened(true);
            owners.put(home.task(), owner);
        }
        block.call(SyscallNumber.PIDFD_GETFD).value(owner.fd()).value(home.fd()).value(0);
        return expectOpened(true);
    }

    /** Gives a description the number {@code target}. */
    private void place(Handle handle, int target) {
        if (handle.fd() == target && !handle.isPlaced()) {
            if (handle.closeOnExec() != targetClosesOnExec) {
                block.call(SyscallNumber.FCNTL)
                        .value(target)
                        .value(FileFlags.F_SETFD)
                        .value(targetClosesOnExec ? 1 : 0);
            }
            handle.place(target, targetClosesOnExec);
            return;
        }
        makeWay(target);
        block.call(SyscallNumber.DUP3)
                .value(handle.fd())
                .value(target)
                .value(targetClosesOnExec ? Files.O_CLOEXEC : 0)
                .expect(target);
        if (handle.isPlaced()) {
            occupy(target, targetClosesOnExec).place(target, targetClosesOnExec);
        } else {
            close(handle);
            handle.place(target, targetClosesOnExec);
            open.set(target);
            occupants.put(target, handle);
        }
    }

    /** Moves what has that number, and is still needed, above all numbers of the image. */
    private void makeWay(int number) {
        Handle occupant = occupants.get(number);
        if (occupant == null) {
            return;
        }
        int above = open.nextClearBit(ceiling);
        block.call(SyscallNumber.FCNTL)
                .value(number)
                .value(FileFlags.F_DUPFD_CLOEXEC)
                .value(ceiling)
                .expect(above);
        vacate(number);
        occupant.moveTo(above, true);
        open.set(above);
        occupants.put(above, occupant);
    }

    private void tidy() {
        nextBlock();
        files.forEach((id, handle) -> {
            if (!handle.isPlaced() && !made.contains(id)) {
                close(handle); // fetched only to be sent on
            }
        });
        for (Handle owner : owners.values()) {
            close(owner);
        }
    }

    private void publish() {
        List<Integer> parked = new ArrayList<>();
        for (int id : made) {
            Handle handle = files.get(id);
            if (handle == null) {
                continue;
            }
            tree.settled(id, process, handle.fd());
            FileEntry entry = process.file(id);
            if (entry != null && entry.hasMemfd()) {
                tellOfMemoryFile(entry.getMemfd(), handle.fd());
            }
            if (!handle.isPlaced()) {
                parked.add(handle.fd());
            }
        }
        if (!parked.isEmpty()) {
            tree.park(process, parked, targets);
        }
    }

    /** By that name others can open it, from now on. */
    private void tellOfMemoryFile(MemfdFileEntry memfd, int fd) {
        SharedObject object = SharedMemory.of(process).file(process, memfd.getInodeId());
        RestoredFiles.Home home = tree.home(memfd.getId());
        if (object != null && home != null && !object.isMade()) {
            object.madeAt(home.task(), fd);
        }
    }

    private Handle occupy(int fd, boolean closeOnExec) {
        Handle handle = new Handle(fd, closeOnExec);
        open.set(fd);
        occupants.put(fd, handle);
        return handle;
    }

    private void vacate(int fd) {
        open.clear(fd);
        occupants.remove(fd);
    }
}
