package io.baton.coordinator.state.registers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import io.baton.coordinator.state.Fixtures;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.ThreadInfoX86;
import io.baton.mktree.image.proto.UserX86FpregsEntry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class FloatingPointTest {
    private static final int TILE_DATA = 18;

    private final XsaveLayout layout = XsaveLayout.ofCpu();
    private final UnsafeBuffer area = new UnsafeBuffer(new byte[layout.length()]);

    @Test
    void shouldBringBackWhatCriuSaved() throws Exception {
        for (CoreEntry core : Fixtures.cores()) {
            if (!core.hasThreadInfo()) {
                continue;
            }
            ThreadInfoX86 saved = core.getThreadInfo();
            assumeTrue(FloatingPoint.unfit(saved, layout).isEmpty(), "made on a CPU with more than this one");
            FloatingPoint.fromImage(saved, layout, area);
            ThreadInfoX86.Builder again = ThreadInfoX86.newBuilder();
            FloatingPoint.toImage(area, layout, again);

            assertEquals(onlyWhatIsPresent(saved.getFpregs()), onlyWhatIsPresent(again.getFpregs()));
            assertFalse(again.hasXstate());
        }
    }

    /** CRIU writes, and this CPU reads, zeroes for components that hold nothing. */
    private static UserX86FpregsEntry onlyWhatIsPresent(UserX86FpregsEntry entry) {
        UserX86FpregsEntry.Builder present = entry.toBuilder();
        long components = entry.getXsave().getXstateBv();
        if ((components >>> XsaveLayout.AVX & 1) == 0) {
            present.getXsaveBuilder().clearYmmhSpace();
        }
        if ((components >>> XsaveLayout.OPMASK & 1) == 0) {
            present.getXsaveBuilder().clearOpmaskReg();
        }
        if ((components >>> XsaveLayout.ZMM_HI256 & 1) == 0) {
            present.getXsaveBuilder().clearZmmUpper();
        }
        if ((components >>> XsaveLayout.HI16_ZMM & 1) == 0) {
            present.getXsaveBuilder().clearHi16Zmm();
        }
        return present.build();
    }

    @Test
    void shouldRefuseComponentsThisCpuLacks() throws Exception {
        ThreadInfoX86.Builder info = some().toBuilder();
        info.getFpregsBuilder().getXsaveBuilder().setXstateBv(1L << 62);

        assertNotEquals("", FloatingPoint.unfit(info.build(), layout));
    }

    @Test
    void shouldRefuseComponentsOfAnotherLength() throws Exception {
        ThreadInfoX86.Builder info = some().toBuilder();
        info.getFpregsBuilder()
                .getXsaveBuilder()
                .setXstateBv(1 << XsaveLayout.AVX)
                .clearYmmhSpace();

        assertNotEquals("", FloatingPoint.unfit(info.build(), layout));
    }

    @Test
    void shouldKeepTheWholeAreaWhenCriusMessageCannotHoldIt() throws Exception {
        FloatingPoint.fromImage(some(), layout, area);
        area.putLong(XsaveLayout.HEADER_OFFSET, 1L << TILE_DATA);
        area.putLong(XsaveLayout.MASK_OFFSET, layout.features());
        area.putLong(layout.length() - Long.BYTES, 0x1234_5678_9abc_def0L);
        byte[] before = area.byteArray().clone();
        ThreadInfoX86.Builder info = ThreadInfoX86.newBuilder();
        FloatingPoint.toImage(area, layout, info);
        FloatingPoint.fromImage(info.buildPartial(), layout, area);

        assertEquals(ByteString.copyFrom(before), info.getXstate());
        assertArrayEquals(before, area.byteArray());
    }

    private static ThreadInfoX86 some() throws Exception {
        return Fixtures.cores().stream()
                .filter(CoreEntry::hasThreadInfo)
                .findFirst()
                .orElseThrow()
                .getThreadInfo();
    }
}
