package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.inspect.Units;
import io.baton.mktree.image.ImageConversion;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageException;
import io.baton.mktree.image.PagemapImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton convert}. */
@Command(
        name = "convert",
        description = "Writes an image anew, without the images it builds on, so that CRIU can read it.")
final class ConvertCommand implements Callable<Integer> {
    @Mixin
    private final ImageOptions image = new ImageOptions();

    @Option(
            names = "--share",
            description = "The reverse: pages that processes have in common are stored once, and shared when they are "
                    + "restored, by Baton only.")
    private boolean share;

    @Parameters(paramLabel = "TARGET", description = "Directory of the new image; made, or empty.")
    private Path target = Path.of("");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        try {
            final ImageConversion.Result result =
                    ImageConversion.convert(ImageDirectory.open(image.directory()), target, share);
            spec.commandLine()
                    .getErr()
                    .println("convert: " + Units.bytes(result.written() * PagemapImage.PAGE_SIZE) + " of pages written"
                            + (share ? ", " + Units.bytes(result.shared() * PagemapImage.PAGE_SIZE) + " shared" : ""));
            return 0;
        } catch (final ImageException e) {
            throw new BatonException(
                    ErrorCode.BAD_IMAGE, String.valueOf(e.getMessage()), "use another image or target", e);
        } catch (final IOException e) {
            throw new BatonException(
                    ErrorCode.IMAGE_IO,
                    "image cannot be written: " + target + ": " + e.getMessage(),
                    "free some space or choose another directory",
                    e);
        }
    }
}
