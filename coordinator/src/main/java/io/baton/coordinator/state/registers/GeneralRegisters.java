package io.baton.coordinator.state.registers;

import static io.baton.task.linux.UserRegs.CS;
import static io.baton.task.linux.UserRegs.DS;
import static io.baton.task.linux.UserRegs.EFLAGS;
import static io.baton.task.linux.UserRegs.ES;
import static io.baton.task.linux.UserRegs.FS;
import static io.baton.task.linux.UserRegs.FS_BASE;
import static io.baton.task.linux.UserRegs.GS;
import static io.baton.task.linux.UserRegs.GS_BASE;
import static io.baton.task.linux.UserRegs.ORIG_RAX;
import static io.baton.task.linux.UserRegs.R10;
import static io.baton.task.linux.UserRegs.R11;
import static io.baton.task.linux.UserRegs.R12;
import static io.baton.task.linux.UserRegs.R13;
import static io.baton.task.linux.UserRegs.R14;
import static io.baton.task.linux.UserRegs.R15;
import static io.baton.task.linux.UserRegs.R8;
import static io.baton.task.linux.UserRegs.R9;
import static io.baton.task.linux.UserRegs.RAX;
import static io.baton.task.linux.UserRegs.RBP;
import static io.baton.task.linux.UserRegs.RBX;
import static io.baton.task.linux.UserRegs.RCX;
import static io.baton.task.linux.UserRegs.RDI;
import static io.baton.task.linux.UserRegs.RDX;
import static io.baton.task.linux.UserRegs.RIP;
import static io.baton.task.linux.UserRegs.RSI;
import static io.baton.task.linux.UserRegs.RSP;
import static io.baton.task.linux.UserRegs.SS;

import io.baton.mktree.image.proto.UserX86RegsEntry;
import io.baton.mktree.image.proto.UserX86RegsMode;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** General registers between the kernel's {@code struct user_regs_struct} and the image's entry. */
final class GeneralRegisters {
    /** Code segment of 64-bit user code; 0x23 is that of 32-bit code. */
    static final long CS_64_BIT = 0x33;

    private GeneralRegisters() {}

    /** Reads the kernel's structure. */
    static UserX86RegsEntry.Builder toImage(final DirectBuffer registers) {
        return UserX86RegsEntry.newBuilder()
                .setR15(registers.getLong(R15))
                .setR14(registers.getLong(R14))
                .setR13(registers.getLong(R13))
                .setR12(registers.getLong(R12))
                .setBp(registers.getLong(RBP))
                .setBx(registers.getLong(RBX))
                .setR11(registers.getLong(R11))
                .setR10(registers.getLong(R10))
                .setR9(registers.getLong(R9))
                .setR8(registers.getLong(R8))
                .setAx(registers.getLong(RAX))
                .setCx(registers.getLong(RCX))
                .setDx(registers.getLong(RDX))
                .setSi(registers.getLong(RSI))
                .setDi(registers.getLong(RDI))
                .setOrigAx(registers.getLong(ORIG_RAX))
                .setIp(registers.getLong(RIP))
                .setCs(registers.getLong(CS))
                .setFlags(registers.getLong(EFLAGS))
                .setSp(registers.getLong(RSP))
                .setSs(registers.getLong(SS))
                .setFsBase(registers.getLong(FS_BASE))
                .setGsBase(registers.getLong(GS_BASE))
                .setDs(registers.getLong(DS))
                .setEs(registers.getLong(ES))
                .setFs(registers.getLong(FS))
                .setGs(registers.getLong(GS))
                .setMode(UserX86RegsMode.NATIVE);
    }

    /** Writes the kernel's structure, {@code UserRegs.LENGTH} bytes. */
    static void fromImage(final UserX86RegsEntry entry, final MutableDirectBuffer registers) {
        registers.putLong(R15, entry.getR15());
        registers.putLong(R14, entry.getR14());
        registers.putLong(R13, entry.getR13());
        registers.putLong(R12, entry.getR12());
        registers.putLong(RBP, entry.getBp());
        registers.putLong(RBX, entry.getBx());
        registers.putLong(R11, entry.getR11());
        registers.putLong(R10, entry.getR10());
        registers.putLong(R9, entry.getR9());
        registers.putLong(R8, entry.getR8());
        registers.putLong(RAX, entry.getAx());
        registers.putLong(RCX, entry.getCx());
        registers.putLong(RDX, entry.getDx());
        registers.putLong(RSI, entry.getSi());
        registers.putLong(RDI, entry.getDi());
        registers.putLong(ORIG_RAX, entry.getOrigAx());
        registers.putLong(RIP, entry.getIp());
        registers.putLong(CS, entry.getCs());
        registers.putLong(EFLAGS, entry.getFlags());
        registers.putLong(RSP, entry.getSp());
        registers.putLong(SS, entry.getSs());
        registers.putLong(FS_BASE, entry.getFsBase());
        registers.putLong(GS_BASE, entry.getGsBase());
        registers.putLong(DS, entry.getDs());
        registers.putLong(ES, entry.getEs());
        registers.putLong(FS, entry.getFs());
        registers.putLong(GS, entry.getGs());
    }
}
