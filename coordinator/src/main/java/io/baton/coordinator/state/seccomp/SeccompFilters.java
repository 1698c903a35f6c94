package io.baton.coordinator.state.seccomp;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageException;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.SeccompEntry;
import io.baton.mktree.image.proto.SeccompFilter;
import io.baton.task.program.InstructionDescriptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The filters of an image ({@code seccomp.img}). A thread's core names the first it installed; each names the one that
 * came after it, by the field {@code prev}, which CRIU fills so.
 */
public final class SeccompFilters {
    /** The kernel's {@code struct sock_filter}. */
    static final int INSTRUCTION_LENGTH = 8;

    /** What a filter takes in a program beyond itself: its description and two instructions. */
    private static final int OVERHEAD = 2 * InstructionDescriptor.LENGTH + 32;

    private final List<SeccompFilter> all;

    private SeccompFilters(List<SeccompFilter> all) {
        this.all = all;
    }

    /** Reads them; none if the image has no such file. */
    public static SeccompFilters read(ImageDirectory directory) {
        try {
            List<SeccompFilter> all = new ArrayList<>();
            for (SeccompEntry entry : directory.allIfPresent(ImageKind.SECCOMP, 0, SeccompEntry.class)) {
                all.addAll(entry.getSeccompFiltersList());
            }
            return new SeccompFilters(all);
        } catch (ImageException e) {
            throw new BatonException(ErrorCode.BAD_IMAGE, String.valueOf(e.getMessage()), "use another image", e);
        } catch (IOException e) {
            throw new BatonException(ErrorCode.IMAGE_IO, "seccomp.img cannot be read: " + e.getMessage(), "", e);
        }
    }

    /** The filters of a thread in the order in which it installed them; empty if the image contradicts itself. */
    List<SeccompFilter> chain(int first) {
        List<SeccompFilter> chain = new ArrayList<>();
        for (int index = first;
                chain.size() <= all.size();
                index = all.get(index).getPrev()) {
            if (index < 0 || index >= all.size() || !isWhole(all.get(index))) {
                return List.of();
            }
            chain.add(all.get(index));
            if (!all.get(index).hasPrev()) {
                return chain;
            }
        }
        return List.of();
    }

    private static boolean isWhole(SeccompFilter filter) {
        int length = filter.getFilter().size();
        return length > 0 && length % INSTRUCTION_LENGTH == 0;
    }

    /** Bytes the instructions of any one thread take at most. */
    public int longestProgram() {
        int longest = 0;
        for (int first = 0; first < all.size(); first++) {
            int length = 0;
            for (SeccompFilter filter : chain(first)) {
                length += OVERHEAD + filter.getFilter().size();
            }
            longest = Math.max(longest, length);
        }
        return longest;
    }
}
