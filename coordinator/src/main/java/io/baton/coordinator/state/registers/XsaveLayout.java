package io.baton.coordinator.state.registers;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Cpuid;

/**
 * Where this CPU keeps each component of a thread's registers in the standard XSAVE format, which is the format of the
 * kernel's register set {@code NT_X86_XSTATE}. Offsets differ between CPUs: AVX-512's are lower where there is no MPX.
 *
 * <pre>
 *     0  legacy area (FXSAVE), 512 bytes; its bytes 464-471 hold, from the kernel, the mask of all components
 *   512  header, 64 bytes: xstate_bv (which components hold something), xcomp_bv, zero
 *   576  components, where CPUID leaf 0DH says
 * </pre>
 *
 * <p>Source: Intel SDM volume 1, chapter 13; the kernel's {@code arch/x86/kernel/fpu/xstate.c}.
 */
public final class XsaveLayout {
    public static final int X87 = 0;
    public static final int SSE = 1;
    public static final int AVX = 2;
    public static final int BNDREGS = 3;
    public static final int BNDCSR = 4;
    public static final int OPMASK = 5;
    public static final int ZMM_HI256 = 6;
    public static final int HI16_ZMM = 7;
    public static final int PKRU = 9;

    /** Offset of the kernel's mask of all components. */
    public static final int MASK_OFFSET = 464;

    /** Offset of xstate_bv. */
    public static final int HEADER_OFFSET = 512;

    /** Offset of the first component. */
    public static final int EXTENDED_OFFSET = 576;

    private static final int LEAF_XSAVE = 0xd;
    private static final int SUPERVISOR = 1;
    private static final int FIRST_EXTENDED = 2;
    private static final int COMPONENTS = 63;

    private final long features;
    private final int length;
    private final int[] offsets = new int[COMPONENTS];
    private final int[] sizes = new int[COMPONENTS];

    private XsaveLayout(final long features, final int length) {
        this.features = features;
        this.length = length;
    }

    /**
     * The layout of this machine.
     *
     * @throws BatonException if the CPU has no XSAVE.
     */
    public static XsaveLayout ofCpu() {
        return OfCpu.LAYOUT;
    }

    private static XsaveLayout ask() {
        final long features = Cpuid.enabledComponents();
        if (features == 0) {
            throw new BatonException(ErrorCode.NOT_PERMITTED, "this CPU has no XSAVE", "");
        }
        final XsaveLayout layout =
                new XsaveLayout(features, Cpuid.ask(LEAF_XSAVE, 0).ebx());
        for (int component = FIRST_EXTENDED; component < COMPONENTS; component++) {
            if (layout.has(component)) {
                final Cpuid.Answer answer = Cpuid.ask(LEAF_XSAVE, component);
                if ((answer.ecx() & SUPERVISOR) == 0) {
                    layout.sizes[component] = answer.eax();
                    layout.offsets[component] = answer.ebx();
                }
            }
        }
        return layout;
    }

    /** Bytes of the whole area; the kernel wants exactly so many. */
    public int length() {
        return length;
    }

    /** Components this machine has, bit n for component n. */
    public long features() {
        return features;
    }

    public boolean has(final int component) {
        return (features >>> component & 1) != 0;
    }

    public int offset(final int component) {
        return offsets[component];
    }

    /** Bytes; 0 when this machine does not have it. */
    public int size(final int component) {
        return sizes[component];
    }

    /** Asked once, at first use. */
    private static final class OfCpu {
        private static final XsaveLayout LAYOUT = ask();
    }
}
