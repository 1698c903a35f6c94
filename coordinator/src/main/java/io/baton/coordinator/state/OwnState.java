package io.baton.coordinator.state;

import io.baton.mktree.image.proto.CredsEntry;
import io.baton.mktree.image.proto.RlimitEntry;
import java.util.List;

/**
 * What every fresh task of a restore starts with, because the helper inherits it from the coordinator.
 *
 * @param credentials uids, gids, groups, capabilities, securebits
 * @param limits the 16 resource limits, in the kernel's order
 * @param nice -20 to 19
 * @param schedulerPolicy as sched_getattr gives it
 * @param oomScoreAdj -1000 to 1000
 * @param personality as personality(0xffffffff) gives it
 */
public record OwnState(
        CredsEntry credentials,
        List<RlimitEntry> limits,
        int nice,
        int schedulerPolicy,
        int oomScoreAdj,
        int personality) {}
