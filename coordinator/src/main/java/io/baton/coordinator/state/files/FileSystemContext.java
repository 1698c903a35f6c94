package io.baton.coordinator.state.files;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.Kcmp;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Working directory, root directory and umask. Restored after the descriptors, whose paths count from our root and not
 * from the process's.
 */
public final class FileSystemContext implements StateKind {
    @Override
    public String name() {
        return "file system context";
    }

    @Override
    public Account account() {
        return new Account(
                        name(),
                        "/proc/PID/cwd, root, status",
                        "chdir(2), chroot(2), umask(2); a directory without a name is made by the coordinator, entered, and removed",
                        "FsEntry",
                        "RegFileEntry.name")
                .refusing(
                        "the name is not UTF-8, which the image format asks for",
                        "replaced: another file has that name by now, or in our mount namespace",
                        "the name is gone: *",
                        "cannot be reached by a path",
                        "shared with process *: not supported yet",
                        "thread * has one of its own: not supported yet");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.add(name(), process.pid(), "working directory (" + process.readLink("cwd") + ")");
        objects.add(name(), process.pid(), "root directory (" + process.readLink("root") + ")");
    }

    @Override
    public void inspectTree(List<SeizedProcess> processes, TreeImage tree, DumpOptions options, Refusals refusals) {
        Directories directories = Directories.of(tree);
        for (SeizedProcess process : processes) {
            directories.inspect(process, options.files(), refusals);
        }
        SharedTables.find(processes, Kcmp.FS, "file system context", false, refusals);
    }

    @Override
    public void capture(ProcessCapture capture) {
        SeizedProcess process = capture.process();
        TreeImage tree = capture.tree();
        Directories directories = Directories.of(tree);
        capture.image()
                .fs()
                .setCwdId(directories.workingDirectory(process, tree))
                .setRootId(directories.rootDirectory(process, tree))
                .setUmask(process.status().umask());
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        validateDirectory(process, process.fs().getCwdId(), "working directory", refusals);
        validateDirectory(process, process.fs().getRootId(), "root directory", refusals);
    }

    private static void validateDirectory(ProcessRestore process, int id, String what, Refusals refusals) {
        FileValidation validation = new FileValidation(process, what, refusals);
        RegFileEntry directory = directory(process, id);
        if (directory == null) {
            validation.refuse("files.img", "no such file: id=" + id, "");
        } else if (RestoredFiles.of(process).isFirstLookAt(id)) {
            validation.require(id, directory);
        }
    }

    private static @Nullable RegFileEntry directory(ProcessRestore process, int id) {
        FileEntry entry = process.file(id);
        return entry == null || !entry.hasReg() ? null : entry.getReg();
    }

    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        RegFileEntry cwd = directory(process, process.fs().getCwdId());
        RegFileEntry root = directory(process, process.fs().getRootId());
        if (cwd != null) {
            enter(
                    context.item(Item.WORKING_DIRECTORY.tag()),
                    SyscallNumber.CHDIR,
                    NamedFile.path(cwd.getId(), cwd, process));
        }
        // The working directory may lie outside the root, and stays where it is.
        if (root != null && !root.getName().equals("/")) {
            enter(
                    context.item(Item.ROOT_DIRECTORY.tag()),
                    SyscallNumber.CHROOT,
                    NamedFile.path(root.getId(), root, process));
        }
        int mask = process.fs().getUmask();
        context.item(Item.UMASK.tag()).call(SyscallNumber.UMASK).value(mask);
    }

    private static void enter(ProgramBuilder block, int call, String directory) {
        int path = block.string(directory);
        block.call(call).data(path).expect(0);
    }
}
