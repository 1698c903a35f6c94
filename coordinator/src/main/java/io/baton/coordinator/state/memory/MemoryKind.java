package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.task.linux.ProcSmap;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.util.List;

/** The address space: mappings, pages, vDSO, layout, executable. */
public final class MemoryKind implements StateKind {
    @Override
    public String name() {
        return "memory";
    }

    @Override
    public Account account() {
        return new Account(
                        name(),
                        "/proc/PID/smaps and pagemap, process_vm_readv(2); shared memory through map_files",
                        "mmap(2) at the same addresses, preadv(2) from the image, mprotect(2), madvise(2), PR_SET_MM_MAP; the first process that has shared memory makes it, others open it by map_files",
                        "MmEntry",
                        "VmaEntry",
                        "PagemapEntry",
                        "MemfdInodeEntry",
                        "IpcShmEntry")
                .refusing(
                        "file has been deleted or replaced",
                        "file is not at its path any more, or another one is",
                        "deleted, and too large to be saved: *",
                        "deleted: this name of the file is gone, others are left",
                        "not a regular file",
                        "huge pages of a file or of System V shared memory",
                        "memory of a device",
                        "shadow stack (CET)",
                        "memory protection key *",
                        "watched by userfaultfd",
                        "* sealed against writing",
                        "* cannot be read: *",
                        "is attached outside of the tree, too: *",
                        "asynchronous I/O context (io_setup)",
                        "kernel object without a file",
                        "ring of a packet socket that is not open any more",
                        "memory of a socket that is no packet socket",
                        "special mapping that Baton does not know");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.add(name(), process.pid(), MappingInspection.executable(process));
        for (ProcSmap map : process.smaps()) {
            objects.add(name(), process.pid(), MappingInspection.name(map.map()));
        }
    }

    @Override
    public void inspect(SeizedProcess process, DumpOptions options, Refusals refusals) {
        new MappingInspection(process, refusals, options.files()).inspect(process.smaps());
    }

    @Override
    public void inspectTree(List<SeizedProcess> processes, TreeImage tree, DumpOptions options, Refusals refusals) {
        SystemVInspection.inspect(processes, refusals);
        tree.shared(SharedFrames.class, () -> new SharedFrames(processes.size() > 1 && !options.plain()));
    }

    /** Whether a dump has left pages to the file of another process, so that CRIU cannot read it. */
    public static boolean sharesPages(TreeImage tree) {
        return SharedFrames.of(tree).wereUsed();
    }

    @Override
    public void capture(ProcessCapture capture) {
        capture(capture, capture.process().smaps());
    }

    static void capture(ProcessCapture capture, List<ProcSmap> maps) {
        SeizedProcess process = capture.process();
        MmEntry.Builder mm = capture.image().mm();
        TreeImage tree = capture.tree();
        mm.setExeFileId(MappedFiles.of(tree).idOfExecutable(process));
        new MappingCapture(process, tree, mm).capture(maps);
        SystemVCapture.capture(capture, maps);
        MemoryLayout.capture(capture);
        capturePages(capture);
    }

    private static void capturePages(ProcessCapture capture) {
        SeizedProcess process = capture.process();
        TreeImage tree = capture.tree();
        MemoryIncrement increment = MemoryIncrement.of(tree);
        long from = System.nanoTime();
        try (PagesFile pages = new PagesFile(
                        tree, ImageKind.PAGEMAP, capture.image().pstree().getPid());
                PagesWriter writer = new PagesWriter(
                        process,
                        pages,
                        increment.parentPages(process.pid()),
                        SharedFrames.of(tree),
                        tree.shared(PagesWriter.Tools.class, PagesWriter.Tools::new))) {
            new PageCapture(process, capture.image().mm(), writer, increment.watch(process.pid()), false).capture();
            writer.flush();
            pages.finish();
        } catch (IOException e) {
            throw PagesFile.failed(tree.directory(), e);
        }
        MemoryStatistics.of(tree).dumpedSince(from);
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        new MemoryValidation(process, refusals).validate();
    }

    /** The number that the next System V segment gets is the namespace's. */
    @Override
    public boolean needsOrder(ProcessRestore process) {
        return process.mm().getVmasList().stream().anyMatch(vma -> VmaBits.has(vma.getStatus(), VmaBits.SYSV_IPC));
    }

    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        InheritedMemory inherited =
                process.shared(ForkMemory.class, ForkMemory::none).inherited(process.position());
        Mappings.unmapOthers(process.mm(), inherited, context);
        Vdso.of(process.mm()).compile(context);
        OpenFile file = new OpenFile(process, context);
        new MappingProgram(process, context, file, inherited).compile();
        MemoryLayout.compile(process, context, file);
        file.close();
    }

    /** By now everybody has attached what is to be removed. */
    @Override
    public void compileSignals(ThreadRestore thread, ProgramBuilder kept) {
        if (thread.isFirst()) {
            SystemVProgram.remove(thread.process(), kept);
        }
    }
}
