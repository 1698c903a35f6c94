package io.baton.coordinator.inspect;

import io.baton.mktree.image.JsonWriter;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.mktree.tree.Task;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/** What the tables say, for programs. Fields may be added, but neither renamed nor removed. */
public final class ContentsJson {
    private final JsonWriter json;

    private ContentsJson(final Appendable out) {
        this.json = new JsonWriter(out);
    }

    /** Writes all processes, in the order of the PID array. */
    public static void tree(final TreeView view, final Appendable out) throws IOException {
        final ContentsJson writer = new ContentsJson(out);
        writer.json.begin('{').name("processes").begin('[');
        for (final ProcessSummary process : view.processes()) {
            writer.json.begin('{');
            writer.summary(process);
            writer.json.end('}');
        }
        writer.json.end(']').end('}');
    }

    /** Writes one process, with what it has in lists. */
    public static void process(final ImageContents image, final int row, final Appendable out) throws IOException {
        final ContentsJson writer = new ContentsJson(out);
        final ProcessSummary process = image.processes().get(row);
        writer.json.begin('{');
        writer.summary(process);
        writer.descriptors(image, process.task());
        writer.mappings(image, process.task());
        writer.json.end('}');
    }

    private void summary(final ProcessSummary process) throws IOException {
        final Task task = process.task();
        json.name("pid").literal(task.pid());
        json.name("ppid").literal(task.ppid());
        json.name("pgid").literal(task.pgid());
        json.name("sid").literal(task.sid());
        json.name("comm").string(task.comm());
        json.name("state").string(state(process));
        if (task.exitStatus() != Task.ALIVE) {
            json.name("wait_status").literal(task.exitStatus());
        }
        json.name("threads").begin('[');
        for (final int tid : task.threads()) {
            json.literal(tid);
        }
        json.end(']');
        json.name("descriptor_count").literal(process.descriptors());
        json.name("mapping_count").literal(process.mappings());
        json.name("page_bytes").literal(process.pageBytes());
    }

    private static String state(final ProcessSummary process) {
        if (process.task().zombie()) {
            return "zombie";
        }
        return process.task().leaderDead() ? "leader_dead" : process.stopped() ? "stopped" : "alive";
    }

    private void descriptors(final ImageContents image, final Task task) throws IOException {
        json.name("descriptors").begin('[');
        if (!task.zombie()) {
            for (final FdinfoEntry descriptor : image.descriptors(task.pid())) {
                json.begin('{').name("fd").literal(descriptor.getFd());
                json.name("type").string(descriptor.getType().name().toLowerCase(Locale.ROOT));
                json.name("file_id").literal(Integer.toUnsignedString(descriptor.getId()));
                json.name("close_on_exec").literal((descriptor.getFlags() & 1) != 0);
                json.name("text").string(image.describeFile(descriptor.getId())).end('}');
            }
        }
        json.end(']');
    }

    private void mappings(final ImageContents image, final Task task) throws IOException {
        json.name("mappings").begin('[');
        final Optional<MmEntry> memory = task.zombie() ? Optional.empty() : image.memory(task.pid());
        if (memory.isPresent()) {
            for (final VmaEntry vma : memory.get().getVmasList()) {
                json.begin('{').name("start").literal(Long.toUnsignedString(vma.getStart()));
                json.name("end").literal(Long.toUnsignedString(vma.getEnd()));
                json.name("protection").string(MappingText.protection(vma));
                json.name("content").string(MappingText.content(vma, image)).end('}');
            }
        }
        json.end(']');
    }
}
