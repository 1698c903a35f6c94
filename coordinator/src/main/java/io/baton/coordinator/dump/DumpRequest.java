package io.baton.coordinator.dump;

import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.state.DumpOptions;
import java.nio.file.Path;

/**
 * What is to be dumped, where to and how.
 *
 * @param root pid of the tree's root
 * @param images directory of the image; made if it is not there
 * @param finish what becomes of the tree when all went well; else it runs on
 * @param deadline of the whole operation
 */
public record DumpRequest(int root, Path images, DumpOptions options, Finish finish, Deadline deadline) {}
