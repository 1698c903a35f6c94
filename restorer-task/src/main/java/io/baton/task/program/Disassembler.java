package io.baton.task.program;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import java.util.function.IntFunction;
import org.agrona.DirectBuffer;

/**
 * Writes a program block for people, an instruction to a line:
 *
 * <pre>
 *   0  openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = r0       # fd 3
 *   1  dup3(r0, 3, 0) -&gt; 3
 *   2  close(r0)
 * </pre>
 *
 * <p>{@code = r0} is where the result goes, {@code -> 3} what it must be: nothing where any success will do, {@code ->
 * or EEXIST} where that error is one too, {@code -> any} where nothing is checked. The item an instruction is about
 * stands where it changes.
 */
public final class Disassembler {
    private static final int COMMENT_COLUMN = 76;
    private static final int CLONE_PIDS = 3;
    private static final int CLONE_PID_COUNT = 4;
    private static final int CLONE_LOCAL = 5;
    private static final long CLONE_THREAD = 0x10000;

    private final IntFunction<String> items;
    private final IntFunction<String> stages;

    /**
     * A disassembler.
     *
     * @param items gives the words for an item tag
     * @param stages gives the name of a stage
     */
    public Disassembler(final IntFunction<String> items, final IntFunction<String> stages) {
        this.items = items;
        this.stages = stages;
    }

    /** Appends all instructions of the block that begins at {@code offset}; each line begins with {@code indent}. */
    public void append(final DirectBuffer buffer, final int offset, final String indent, final StringBuilder out) {
        final BlockReader block = new BlockReader(buffer, offset);
        final OperandText operands = new OperandText(block);
        String lastItem = items.apply(ItemTag.NONE);
        for (int i = 0; i < block.count(); i++) {
            final int lineStart = out.length();
            out.append(indent).append(String.format("%3d  ", i)).append(instruction(block, operands, i));
            final String item = items.apply(block.tag(i));
            if (!item.equals(lastItem)) {
                lastItem = item;
                out.append(" ".repeat(Math.max(1, COMMENT_COLUMN - (out.length() - lineStart))))
                        .append("# ")
                        .append(item);
            }
            out.append('\n');
        }
    }

    private String instruction(final BlockReader block, final OperandText operands, final int index) {
        final String text = switch (block.op(index)) {
            case Op.SYSCALL -> call(block, operands, index);
            case Op.CLONE -> clone(block, operands, index);
            case Op.CONFIRM -> "confirm " + stage(block, index);
            case Op.AWAIT -> "await " + stage(block, index);
            case Op.TURN -> "take the baton, pass it on";
            case Op.GUARD ->
                "guard " + operands.text(index, 2, ArgumentType.DECIMAL) + " tasks until stage "
                        + operands.text(index, 1, ArgumentType.DECIMAL);
            case Op.REAP -> "reap until pid " + operands.text(index, 0, ArgumentType.DECIMAL) + " ends";
            case Op.RETIRE -> "retire";
            case Op.HOLD -> "hold";
            case Op.AFTER -> "await the end of slot " + operands.text(index, 0, ArgumentType.DECIMAL) + "'s turn";
            case Op.POKE -> poke(block, operands, index);
            default -> "op " + block.op(index);
        };
        return text + outcome(block, index);
    }

    private String stage(final BlockReader block, final int index) {
        final long number = block.argument(index, 0);
        return number == Integer.MAX_VALUE ? "the end (released from outside)" : stages.apply((int) number);
    }

    private static String call(final BlockReader block, final OperandText operands, final int index) {
        final int number = block.number(index);
        final SyscallSignature signature = SyscallSignature.of(number);
        final StringBuilder text = new StringBuilder(SyscallNumber.describe(number)).append('(');
        final int shown = Math.max(signature.required(), given(block, index));
        for (int i = 0; i < shown; i++) {
            text.append(i == 0 ? "" : ", ")
                    .append(operands.text(index, i, signature.type(i, number, block.argument(index, i == 2 ? 1 : 0))));
        }
        return text.append(')').toString();
    }

    /** Number of arguments up to the last that is not just 0. */
    private static int given(final BlockReader block, final int index) {
        int count = InstructionDescriptor.ARGS_COUNT;
        while (count > 0
                && block.kind(index, count - 1) == OperandKind.VALUE
                && block.argument(index, count - 1) == 0) {
            count--;
        }
        return count;
    }

    private static String clone(final BlockReader block, final OperandText operands, final int index) {
        final long flags = block.argument(index, 1);
        final boolean thread = (flags & CLONE_THREAD) != 0;
        final StringBuilder text = new StringBuilder(thread ? "start thread" : "fork");
        final boolean hasPids = block.argument(index, CLONE_PID_COUNT) > 0;
        if (hasPids && block.kind(index, CLONE_PIDS) == OperandKind.DATA) {
            text.append(thread ? " tid " : " pid ").append(block.intAt(block.argument(index, CLONE_PIDS)));
        }
        text.append(" (slot ").append(operands.text(index, 0, ArgumentType.DECIMAL));
        if (thread) {
            text.append(", area ").append(operands.text(index, CLONE_LOCAL, ArgumentType.DECIMAL));
        } else if (flags != 0) {
            text.append(", ").append(SymbolicNames.CLONE.text(flags));
        }
        final long signal = block.argument(index, 2);
        if (!thread && signal != Signals.SIGCHLD) {
            text.append(", exit signal ").append(ArgumentType.SIGNAL.text(signal));
        }
        return text.append(')').toString();
    }

    private static String poke(final BlockReader block, final OperandText operands, final int index) {
        final String target = block.kind(index, 0) == OperandKind.DATA
                ? operands.place(block.argument(index, 0))
                : "*" + operands.text(index, 0, ArgumentType.HEX);
        final String value = block.kind(index, 1) == OperandKind.DATA
                ? "&" + operands.place(block.argument(index, 1))
                : operands.text(index, 1, ArgumentType.ANY);
        return "poke " + target + " = " + value;
    }

    private static String outcome(final BlockReader block, final int index) {
        final StringBuilder text = new StringBuilder();
        if (block.store(index) >= 0) {
            text.append(" = r").append(block.store(index));
        }
        if ((block.flags(index) & InstructionDescriptor.FLAG_RESULT) != 0) {
            return text.append(" = answer").toString();
        }
        switch (block.expect(index)) {
            case Expect.ANY -> text.append(" -> any");
            case Expect.EQUAL -> text.append(" -> ").append(SymbolicNames.number(block.want(index)));
            case Expect.SUCCESS_OR -> text.append(" -> or ").append(Errno.nameOf((int) block.want(index)));
            default -> {}
        }
        return text.toString();
    }
}
