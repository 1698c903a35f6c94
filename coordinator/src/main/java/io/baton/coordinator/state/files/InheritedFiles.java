package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.task.linux.Fd;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Descriptions that no task can make, because they come from us: every task has them while it restores, under numbers above
 * all others, and takes those that are its own.
 */
public final class InheritedFiles {
    private final List<Source> sources = new ArrayList<>();
    /** By the id of an entry: its place among the sources. */
    private final Map<Integer, Integer> places = new HashMap<>();

    private int first;

    private InheritedFiles() {}

    /** Where one is to be had. */
    private interface Source {
        Fd open();
    }

    static InheritedFiles of(ProcessRestore process) {
        return process.shared(InheritedFiles.class, () -> read(process.files()));
    }

    /** Those that an image's file descriptions ask for; nothing is opened yet. */
    public static InheritedFiles read(Collection<FileEntry> files) {
        InheritedFiles inherited = new InheritedFiles();
        DeadProcesses dead = new DeadProcesses();
        for (FileEntry file : files) {
            if (file.hasPidfd() && PidDescriptor.isDead(file.getPidfd())) {
                dead.expect(file.getPidfd());
                inherited.add(file.getId(), () -> dead.open(file.getPidfd()));
            }
        }
        return inherited;
    }

    private void add(int fileId, Source source) {
        places.put(fileId, sources.size());
        sources.add(source);
    }

    /** How many numbers they take. */
    public int count() {
        return sources.size();
    }

    /** Says where the numbers begin that they have in every task. */
    public void begin(int number) {
        first = number;
    }

    public int first() {
        return first;
    }

    /** The number of an entry's description in every task, or -1. */
    int number(int fileId) {
        Integer place = places.get(fileId);
        return place == null ? -1 : first + place;
    }

    /** Opens them all, in the order of their numbers. */
    public List<Fd> open() {
        List<Fd> opened = new ArrayList<>();
        try {
            for (Source source : sources) {
                opened.add(source.open());
            }
            return opened;
        } catch (RuntimeException e) {
            opened.forEach(Fd::close);
            throw e;
        }
    }
}
