package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.inspect.ContentsJson;
import io.baton.coordinator.inspect.ImageContents;
import io.baton.coordinator.inspect.ProcessSheet;
import io.baton.coordinator.inspect.TreeTable;
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
@Command(name = "show", description = "Shows what is in an image: its tree, one process of it, or one of its files.")
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
        } else {
            show(ImageContents.read(image.directory()), out);
        }
        out.flush();
        return 0;
    }

    private void show(final ImageContents contents, final PrintWriter out) throws IOException {
        if (pid == null) {
            if (json) {
                ContentsJson.tree(contents, out);
                out.println();
            } else {
                out.print(TreeTable.print(contents));
            }
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
