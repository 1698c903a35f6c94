package io.baton.coordinator.state.namespaces;

import io.baton.mktree.image.proto.CredsEntry;
import java.util.function.IntUnaryOperator;

/**
 * Users and groups of a user namespace, inside and outside. An image has them as they are inside, as CRIU has; we see, and
 * a task that is not inside yet gives, those outside.
 */
public final class UserIds {
    /** Of a tree that is in our user namespace. */
    public static final UserIds SAME = new UserIds(IdMap.SAME, IdMap.SAME);

    private final IdMap users;
    private final IdMap groups;

    UserIds(IdMap users, IdMap groups) {
        this.users = users;
        this.groups = groups;
    }

    /** What a user outside is inside; one who is not known there, as the kernel says it: 65534. */
    public int userInside(int outside) {
        return known(users.inward(outside));
    }

    /** What a group outside is inside, likewise. */
    public int groupInside(int outside) {
        return known(groups.inward(outside));
    }

    /** What a user inside is outside, or -1. */
    public int userOutside(int inside) {
        return users.outward(inside);
    }

    /** What a group inside is outside, or -1. */
    public int groupOutside(int inside) {
        return groups.outward(inside);
    }

    private static int known(int id) {
        return id == IdMap.NONE ? IdMap.OVERFLOW : id;
    }

    /** The credentials of a task that we see, as they are inside. */
    public CredsEntry inside(CredsEntry outside) {
        return this == SAME ? outside : translate(outside, users::inward, groups::inward);
    }

    /** The credentials of an image, as they are outside; -1 where there is no such id. */
    public CredsEntry outside(CredsEntry inside) {
        return this == SAME ? inside : translate(inside, users::outward, groups::outward);
    }

    /** Whether all ids have a translation. */
    public static boolean isWhole(CredsEntry translated) {
        return translated.getUid() != IdMap.NONE
                && translated.getEuid() != IdMap.NONE
                && translated.getSuid() != IdMap.NONE
                && translated.getFsuid() != IdMap.NONE
                && translated.getGid() != IdMap.NONE
                && translated.getEgid() != IdMap.NONE
                && translated.getSgid() != IdMap.NONE
                && translated.getFsgid() != IdMap.NONE
                && !translated.getGroupsList().contains(IdMap.NONE);
    }

    private static CredsEntry translate(CredsEntry entry, IntUnaryOperator user, IntUnaryOperator group) {
        CredsEntry.Builder translated = entry.toBuilder()
                .setUid(user.applyAsInt(entry.getUid()))
                .setEuid(user.applyAsInt(entry.getEuid()))
                .setSuid(user.applyAsInt(entry.getSuid()))
                .setFsuid(user.applyAsInt(entry.getFsuid()))
                .setGid(group.applyAsInt(entry.getGid()))
                .setEgid(group.applyAsInt(entry.getEgid()))
                .setSgid(group.applyAsInt(entry.getSgid()))
                .setFsgid(group.applyAsInt(entry.getFsgid()))
                .clearGroups();
        entry.getGroupsList().forEach(one -> translated.addGroups(group.applyAsInt(one)));
        return translated.build();
    }
}
