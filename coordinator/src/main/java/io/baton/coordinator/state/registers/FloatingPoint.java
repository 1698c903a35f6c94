package io.baton.coordinator.state.registers;

import com.google.protobuf.ByteString;
import io.baton.mktree.image.proto.ThreadInfoX86;
import io.baton.mktree.image.proto.UserX86FpregsEntry;
import io.baton.mktree.image.proto.UserX86XsaveEntry;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Floating point and vector registers between the kernel's {@code NT_X86_XSTATE} and the image's entries. CRIU's
 * messages know the components up to AVX-512 and PKRU; an area with more goes into the image whole as well, as Baton's
 * own field {@code xstate}.
 */
final class FloatingPoint {
    private static final int CWD_OFFSET = 0;
    private static final int SWD_OFFSET = 2;
    private static final int TWD_OFFSET = 4;
    private static final int FOP_OFFSET = 6;
    private static final int RIP_OFFSET = 8;
    private static final int RDP_OFFSET = 16;
    private static final int MXCSR_OFFSET = 24;
    private static final int MXCSR_MASK_OFFSET = 28;
    private static final int ST_OFFSET = 32;
    private static final int ST_COUNT = 32;
    private static final int XMM_OFFSET = 160;
    private static final int XMM_COUNT = 64;
    private static final int SHORT_MASK = 0xffff;

    private static final long LEGACY = bit(XsaveLayout.X87) | bit(XsaveLayout.SSE);

    /** Components CRIU's messages have a field for. */
    private static final long KNOWN = LEGACY
            | bit(XsaveLayout.AVX)
            | bit(XsaveLayout.BNDREGS)
            | bit(XsaveLayout.BNDCSR)
            | bit(XsaveLayout.OPMASK)
            | bit(XsaveLayout.ZMM_HI256)
            | bit(XsaveLayout.HI16_ZMM)
            | bit(XsaveLayout.PKRU);

    /** The known ones beyond the legacy area. */
    private static final int[] COMPONENTS = {
        XsaveLayout.AVX,
        XsaveLayout.BNDREGS,
        XsaveLayout.BNDCSR,
        XsaveLayout.OPMASK,
        XsaveLayout.ZMM_HI256,
        XsaveLayout.HI16_ZMM,
        XsaveLayout.PKRU,
    };

    private FloatingPoint() {}

    /** Reads the kernel's area, of the length the kernel gave. */
    static void toImage(final DirectBuffer area, final XsaveLayout layout, final ThreadInfoX86.Builder info) {
        final UserX86FpregsEntry.Builder entry = info.getFpregsBuilder();
        entry.setCwd(area.getShort(CWD_OFFSET) & SHORT_MASK)
                .setSwd(area.getShort(SWD_OFFSET) & SHORT_MASK)
                .setTwd(area.getShort(TWD_OFFSET) & SHORT_MASK)
                .setFop(area.getShort(FOP_OFFSET) & SHORT_MASK)
                .setRip(area.getLong(RIP_OFFSET))
                .setRdp(area.getLong(RDP_OFFSET))
                .setMxcsr(area.getInt(MXCSR_OFFSET))
                .setMxcsrMask(area.getInt(MXCSR_MASK_OFFSET));
        for (int i = 0; i < ST_COUNT; i++) {
            entry.addStSpace(area.getInt(ST_OFFSET + i * Integer.BYTES));
        }
        for (int i = 0; i < XMM_COUNT; i++) {
            entry.addXmmSpace(area.getInt(XMM_OFFSET + i * Integer.BYTES));
        }
        final long present = area.getLong(XsaveLayout.HEADER_OFFSET);
        final UserX86XsaveEntry.Builder xsave = entry.getXsaveBuilder().setXstateBv(present);
        readInts(area, layout, XsaveLayout.AVX, xsave::addYmmhSpace);
        readLongs(area, layout, XsaveLayout.BNDREGS, xsave::addBndregState);
        readLongs(area, layout, XsaveLayout.BNDCSR, xsave::addBndcsrState);
        readLongs(area, layout, XsaveLayout.OPMASK, xsave::addOpmaskReg);
        readLongs(area, layout, XsaveLayout.ZMM_HI256, xsave::addZmmUpper);
        readLongs(area, layout, XsaveLayout.HI16_ZMM, xsave::addHi16Zmm);
        readInts(area, layout, XsaveLayout.PKRU, xsave::addPkru);
        if ((present & ~KNOWN) != 0) {
            final byte[] raw = new byte[layout.length()];
            area.getBytes(0, raw);
            info.setXstate(ByteString.copyFrom(raw));
        }
    }

    /** Why the image's registers cannot be put into this CPU, or an empty string. */
    static String unfit(final ThreadInfoX86 info, final XsaveLayout layout) {
        final UserX86XsaveEntry xsave = info.getFpregs().getXsave();
        final long missing = xsave.getXstateBv() & ~layout.features();
        if (missing != 0) {
            return "register components of mask 0x" + Long.toHexString(missing) + " are not on this CPU";
        }
        if (info.getFpregs().getStSpaceCount() < ST_COUNT || info.getFpregs().getXmmSpaceCount() < XMM_COUNT) {
            return "floating point registers are incomplete in the image";
        }
        if ((xsave.getXstateBv() & ~KNOWN) != 0 && !sameLayout(info.getXstate(), layout)) {
            return "register components of mask 0x" + Long.toHexString(xsave.getXstateBv() & ~KNOWN)
                    + " were saved on a CPU that lays them out otherwise";
        }
        return unfitComponent(xsave, layout);
    }

    private static String unfitComponent(final UserX86XsaveEntry xsave, final XsaveLayout layout) {
        for (final int component : COMPONENTS) {
            final int length = length(xsave, component);
            if (has(xsave, component) && length != layout.size(component)) {
                return "register component " + component + " has " + length + " bytes in the image and "
                        + layout.size(component) + " on this CPU";
            }
        }
        return "";
    }

    /** Bytes that the message has of a component. */
    private static int length(final UserX86XsaveEntry xsave, final int component) {
        return switch (component) {
            case XsaveLayout.AVX -> xsave.getYmmhSpaceCount() * Integer.BYTES;
            case XsaveLayout.BNDREGS -> xsave.getBndregStateCount() * Long.BYTES;
            case XsaveLayout.BNDCSR -> xsave.getBndcsrStateCount() * Long.BYTES;
            case XsaveLayout.OPMASK -> xsave.getOpmaskRegCount() * Long.BYTES;
            case XsaveLayout.ZMM_HI256 -> xsave.getZmmUpperCount() * Long.BYTES;
            case XsaveLayout.HI16_ZMM -> xsave.getHi16ZmmCount() * Long.BYTES;
            case XsaveLayout.PKRU -> xsave.getPkruCount() * Integer.BYTES;
            default -> 0;
        };
    }

    private static boolean sameLayout(final ByteString raw, final XsaveLayout layout) {
        return raw.size() == layout.length() && longAt(raw, XsaveLayout.MASK_OFFSET) == layout.features();
    }

    /** Writes the kernel's area, {@link XsaveLayout#length} bytes; the image must be fit. */
    static void fromImage(final ThreadInfoX86 info, final XsaveLayout layout, final MutableDirectBuffer area) {
        if (info.hasXstate() && sameLayout(info.getXstate(), layout)) {
            area.putBytes(0, info.getXstate().asReadOnlyByteBuffer(), layout.length());
            return;
        }
        area.setMemory(0, layout.length(), (byte) 0);
        writeLegacy(info.getFpregs(), area);
        if (!info.getFpregs().hasXsave()) {
            area.putLong(XsaveLayout.HEADER_OFFSET, LEGACY);
            return;
        }
        final UserX86XsaveEntry xsave = info.getFpregs().getXsave();
        area.putLong(XsaveLayout.HEADER_OFFSET, xsave.getXstateBv());
        writeComponents(xsave, layout, area);
    }

    /** Those that are present. A loop for each: the lists of a message give their numbers unboxed by index only. */
    private static void writeComponents(
            final UserX86XsaveEntry xsave, final XsaveLayout layout, final MutableDirectBuffer area) {
        if (has(xsave, XsaveLayout.AVX)) {
            final int at = layout.offset(XsaveLayout.AVX);
            for (int i = 0; i < xsave.getYmmhSpaceCount(); i++) {
                area.putInt(at + i * Integer.BYTES, xsave.getYmmhSpace(i));
            }
        }
        if (has(xsave, XsaveLayout.BNDREGS)) {
            final int at = layout.offset(XsaveLayout.BNDREGS);
            for (int i = 0; i < xsave.getBndregStateCount(); i++) {
                area.putLong(at + i * Long.BYTES, xsave.getBndregState(i));
            }
        }
        if (has(xsave, XsaveLayout.BNDCSR)) {
            final int at = layout.offset(XsaveLayout.BNDCSR);
            for (int i = 0; i < xsave.getBndcsrStateCount(); i++) {
                area.putLong(at + i * Long.BYTES, xsave.getBndcsrState(i));
            }
        }
        if (has(xsave, XsaveLayout.OPMASK)) {
            final int at = layout.offset(XsaveLayout.OPMASK);
            for (int i = 0; i < xsave.getOpmaskRegCount(); i++) {
                area.putLong(at + i * Long.BYTES, xsave.getOpmaskReg(i));
            }
        }
        if (has(xsave, XsaveLayout.ZMM_HI256)) {
            final int at = layout.offset(XsaveLayout.ZMM_HI256);
            for (int i = 0; i < xsave.getZmmUpperCount(); i++) {
                area.putLong(at + i * Long.BYTES, xsave.getZmmUpper(i));
            }
        }
        if (has(xsave, XsaveLayout.HI16_ZMM)) {
            final int at = layout.offset(XsaveLayout.HI16_ZMM);
            for (int i = 0; i < xsave.getHi16ZmmCount(); i++) {
                area.putLong(at + i * Long.BYTES, xsave.getHi16Zmm(i));
            }
        }
        if (has(xsave, XsaveLayout.PKRU)) {
            final int at = layout.offset(XsaveLayout.PKRU);
            for (int i = 0; i < xsave.getPkruCount(); i++) {
                area.putInt(at + i * Integer.BYTES, xsave.getPkru(i));
            }
        }
    }

    private static boolean has(final UserX86XsaveEntry xsave, final int component) {
        return (xsave.getXstateBv() & bit(component)) != 0;
    }

    private static void writeLegacy(final UserX86FpregsEntry entry, final MutableDirectBuffer area) {
        area.putShort(CWD_OFFSET, (short) entry.getCwd());
        area.putShort(SWD_OFFSET, (short) entry.getSwd());
        area.putShort(TWD_OFFSET, (short) entry.getTwd());
        area.putShort(FOP_OFFSET, (short) entry.getFop());
        area.putLong(RIP_OFFSET, entry.getRip());
        area.putLong(RDP_OFFSET, entry.getRdp());
        area.putInt(MXCSR_OFFSET, entry.getMxcsr());
        area.putInt(MXCSR_MASK_OFFSET, entry.getMxcsrMask());
        for (int i = 0; i < ST_COUNT; i++) {
            area.putInt(ST_OFFSET + i * Integer.BYTES, entry.getStSpace(i));
        }
        for (int i = 0; i < XMM_COUNT; i++) {
            area.putInt(XMM_OFFSET + i * Integer.BYTES, entry.getXmmSpace(i));
        }
    }

    private static void readInts(
            final DirectBuffer area,
            final XsaveLayout layout,
            final int component,
            final java.util.function.IntConsumer to) {
        final int offset = layout.offset(component);
        for (int at = 0; at < layout.size(component); at += Integer.BYTES) {
            to.accept(area.getInt(offset + at));
        }
    }

    private static void readLongs(
            final DirectBuffer area,
            final XsaveLayout layout,
            final int component,
            final java.util.function.LongConsumer to) {
        final int offset = layout.offset(component);
        for (int at = 0; at < layout.size(component); at += Long.BYTES) {
            to.accept(area.getLong(offset + at));
        }
    }

    private static long longAt(final ByteString bytes, final int offset) {
        long value = 0;
        for (int i = Long.BYTES - 1; i >= 0; i--) {
            value = (value << Byte.SIZE) | (bytes.byteAt(offset + i) & 0xff);
        }
        return value;
    }

    private static long bit(final int component) {
        return 1L << component;
    }
}
