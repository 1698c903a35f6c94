package io.baton.coordinator.state.files;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import io.baton.task.linux.Descriptors;
import io.baton.task.linux.Fd;
import java.io.IOException;
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

    private final GivenFiles given;
    private int first;

    private InheritedFiles(GivenFiles given) {
        this.given = given;
    }

    /** Where one is to be had. */
    private interface Source {
        Fd open();
    }

    static InheritedFiles of(ProcessRestore process) {
        return process.shared(
                InheritedFiles.class,
                () -> read(
                        process.files(), process.directory(), process.options().inherited()));
    }

    /**
     * Those that an image's file descriptions ask for; nothing is opened yet.
     *
     * @param given descriptors of ours, by the names of what they stand for
     */
    public static InheritedFiles read(
            Collection<FileEntry> files, ImageDirectory directory, Map<String, Integer> given) {
        boolean terminals = files.stream().anyMatch(FileEntry::hasTty);
        Map<Integer, TtyInfoEntry> known = terminals ? terminals(directory) : Map.of();
        InheritedFiles inherited = new InheritedFiles(new GivenFiles(given, known::get));
        DeadProcesses dead = new DeadProcesses();
        for (FileEntry file : files) {
            if (file.hasPidfd() && PidDescriptor.isDead(file.getPidfd())) {
                dead.expect(file.getPidfd());
                inherited.add(file.getId(), () -> dead.open(file.getPidfd()));
            }
        }
        Map<Integer, Integer> places = new HashMap<>();
        for (FileEntry file : files) {
            int fd = inherited.given.look(file);
            Integer place = places.get(fd);
            if (place != null) {
                inherited.places.put(file.getId(), place);
            } else if (fd >= 0) {
                places.put(fd, inherited.count());
                inherited.add(file.getId(), () -> Descriptors.duplicate(fd, 0, true));
            }
        }
        inherited.given.warn();
        return inherited;
    }

    private static Map<Integer, TtyInfoEntry> terminals(ImageDirectory directory) {
        Map<Integer, TtyInfoEntry> terminals = new HashMap<>();
        try {
            for (TtyInfoEntry terminal : directory.allIfPresent(ImageKind.TTY_INFO, 0, TtyInfoEntry.class)) {
                terminals.put(terminal.getId(), terminal);
            }
            return terminals;
        } catch (IOException e) {
            throw new BatonException(ErrorCode.BAD_IMAGE, String.valueOf(e.getMessage()), "", e);
        }
    }

    /** Whether that one is given, or has to be; if so, adds the reasons why it will not do. */
    boolean validate(FileEntry entry, FileValidation validation) {
        return given.validate(entry, validation);
    }

    /** Whether that one is given; if so, makes it. */
    boolean compile(FileEntry entry, TaskDescriptors task) {
        return given.compile(entry, task);
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
