package io.baton.coordinator.state.namespaces;

import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import java.util.Locale;

/** The kinds of namespaces there are; their names are those of {@code /proc/PID/ns}. */
public enum Namespace {
    CGROUP(0x0200_0000),
    IPC(0x0800_0000),
    MNT(0x0002_0000),
    NET(0x4000_0000),
    PID(0x2000_0000),
    TIME(0x0000_0080),
    USER(0x1000_0000),
    UTS(0x0400_0000);

    private final int flag;

    Namespace(int flag) {
        this.flag = flag;
    }

    /** The {@code CLONE_NEW...} flag. */
    public int flag() {
        return flag;
    }

    /** {@code uts} for {@link #UTS}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Name of its link below {@code /proc/PID}. */
    public String link() {
        return "ns/".concat(text());
    }

    /** Its id in a task's {@code ids-PID.img}; 0: the image has none. */
    public int id(TaskKobjIdsEntry ids) {
        return switch (this) {
            case CGROUP -> ids.getCgroupNsId();
            case IPC -> ids.getIpcNsId();
            case MNT -> ids.getMntNsId();
            case NET -> ids.getNetNsId();
            case PID -> ids.getPidNsId();
            case TIME -> ids.getTimeNsId();
            case USER -> ids.getUserNsId();
            case UTS -> ids.getUtsNsId();
        };
    }

    /** Puts its id there. */
    public void setId(TaskKobjIdsEntry.Builder ids, int id) {
        switch (this) {
            case CGROUP -> ids.setCgroupNsId(id);
            case IPC -> ids.setIpcNsId(id);
            case MNT -> ids.setMntNsId(id);
            case NET -> ids.setNetNsId(id);
            case PID -> ids.setPidNsId(id);
            case TIME -> ids.setTimeNsId(id);
            case USER -> ids.setUserNsId(id);
            case UTS -> ids.setUtsNsId(id);
        }
    }
}
