package io.baton.coordinator.state.cgroups;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Makes groups, and removes those it has made. */
public final class GroupMaker {
    private static final List<String> TO_BE_SET = List.of("cpuset.mems", "cpuset.cpus");

    private final Consumer<Path> before;
    private final List<Path> made = new ArrayList<>();

    /** One that tells of each before it is made. */
    public GroupMaker(Consumer<Path> before) {
        this.before = before;
    }

    /**
     * Makes a group, with those above it.
     *
     * @return those that were not there, from above
     */
    List<Path> make(Path group) {
        List<Path> missing = new ArrayList<>();
        for (Path at = group; at != null && !Files.exists(at); at = at.getParent()) {
            missing.add(0, at);
        }
        List<Path> ours = new ArrayList<>();
        for (Path directory : missing) {
            before.accept(directory);
            try {
                Files.createDirectory(directory);
                made.add(directory);
                ours.add(directory);
                fill(directory);
            } catch (FileAlreadyExistsException e) {
                // Somebody else has just made it.
            } catch (IOException e) {
                throw new BatonException(
                        ErrorCode.MISSING_RESOURCE,
                        "control group " + directory + " cannot be made: " + e.getMessage(),
                        "make it, or use --manage-cgroups=ignore",
                        e);
            }
        }
        return ours;
    }

    /** Nobody can be in a v1 cpuset without processors and memory; a new one has none. */
    private static void fill(Path directory) throws IOException {
        for (String name : TO_BE_SET) {
            Path file = directory.resolve(name);
            Path above = directory.resolveSibling(name);
            boolean version1 = Files.exists(directory.resolve("tasks"));
            if (version1 && Files.exists(file) && Files.readString(file).isBlank() && Files.exists(above)) {
                Files.writeString(file, Files.readString(above));
            }
        }
    }

    /** Removes all that nobody is in; whether those were all. */
    public boolean removeAll() {
        boolean all = true;
        for (int i = made.size() - 1; i >= 0; i--) {
            all &= made.get(i).toFile().delete() || !Files.exists(made.get(i));
        }
        return all;
    }
}
