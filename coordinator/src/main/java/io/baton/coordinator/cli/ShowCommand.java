package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.inspect.ContentsJson;
import io.baton.coordinator.inspect.ImageContents;
import io.baton.coordinator.inspect.LiveTree;
import io.baton.coordinator.inspect.ProcessSheet;
import io.baton.coordinator.inspect.TreeTable;
import io.baton.coordinator.inspect.TreeView;
import io.baton.mktree.image.ImageJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton show}. */
@Command(
        name = "show",
        description = "Shows a tree: that of an image, one process of it, one of its files, or a live tree.")
final class ShowCommand implements Callable<Integer> {
    @Mixin
    private final ImageOptions image = new ImageOptions();

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "Decode this image file to JSON, as crit does, instead of showing the tree.")
    private @Nullable Path file;

    @Option(
            names = {"-t", "--tree"},
            paramLabel = "PID",
            description =
                    "Show this live process and all its descendants instead of an image; PAGES are resident ones.")
    private @Nullable Integer live;

    @Parameters(arity = "0..1", paramLabel = "PID", description = "Show this process: threads, descriptors, mappings.")
    private @Nullable Integer pid;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        if (file != null) {
            ImageJson.decode(file, out);
            out.println();
        } else if (live != null) {
            showTree(LiveTree.read(live), out);
        } else {
            show(ImageContents.read(image.directory()), out);
        }
        out.flush();
        return 0;
    }

    private void showTree(final TreeView view, final PrintWriter out) throws IOException {
        if (json) {
            ContentsJson.tree(view, out);
            out.println();
        } else {
            out.print(TreeTable.print(view));
        }
    }

    private void show(final ImageContents contents, final PrintWriter out) throws IOException {
        if (pid == null) {
            showTree(contents, out);
            return;
        }
        final int row = contents.tree().rowOf(pid);
        if (row < 0) {
            throw new BatonException(
                    ErrorCode.NO_SUCH_PROCESS,
                    "no process with pid " + pid + " in the image: directory=" + contents.path(),
                    "baton show -D " + contents.path() + " lists them");
        }
        if (json) {
            ContentsJson.process(contents, row, out);
            out.println();
        } else {
            out.print(ProcessSheet.print(contents, row));
        }
    }
}
