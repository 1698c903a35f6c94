package io.baton.coordinator.state.files;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.DumpOptions;

/** Collects why the files of a tree cannot be saved. */
record FileInspection(OpenFiles files, DumpOptions options, Refusals refusals) {
    void refuse(OpenFile file, String reason, String remedy) {
        refusals.add(file.process().pid(), file.describe(), reason, remedy);
    }
}
