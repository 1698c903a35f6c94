package io.baton.coordinator.state.signals;

import com.google.protobuf.ByteString;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.StopMark;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.SiginfoEntry;
import io.baton.mktree.image.proto.SignalQueueEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.SignalInfo;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Signals that wait to be delivered, with all they carry, in the order of their queue: those of the process and those of
 * each thread. Every signal is blocked while a task restores, so what it sends to itself stays pending; actions must be
 * set before, for to ignore a signal drops it.
 *
 * <p>The kernel lets a task send any {@code si_code} to itself. A restored SIGALRM of a timer is an ordinary one: it does
 * not rearm its timer, which runs on its own.
 */
public final class PendingSignals implements StateKind {
    private static final int OWN_PID = 0;
    private static final int OWN_TID = 1;
    private static final String SIGNAL = "pending signal ";

    @Override
    public String name() {
        return "pending signals";
    }

    @Override
    public Account account() {
        return new Account(
                name(), "PTRACE_PEEKSIGINFO", "rt_sigqueueinfo(2), rt_tgsigqueueinfo(2)", "SignalQueueEntry");
    }

    @Override
    public void capture(ProcessCapture capture) {
        long pending = capture.process().status().signals().sharedPending();
        List<DirectBuffer> queued = pending == 0 ? List.of() : capture.process().pendingSignals();
        capture.core().getTcBuilder().setSignalsS(queue(queued, pending));
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        long pending = capture.thread().status().signals().pending();
        List<DirectBuffer> queued = pending == 0 ? List.of() : capture.thread().pendingSignals();
        capture.core().getThreadCoreBuilder().setSignalsP(queue(queued, pending));
    }

    /** What is queued, then the signals that are pending without an entry in the queue (it was full). */
    private static SignalQueueEntry queue(List<DirectBuffer> queued, long pending) {
        SignalQueueEntry.Builder queue = SignalQueueEntry.newBuilder();
        long bare = pending;
        for (DirectBuffer info : queued) {
            byte[] bytes = new byte[SignalInfo.LENGTH];
            info.getBytes(0, bytes);
            queue.addSignals(SiginfoEntry.newBuilder().setSiginfo(ByteString.copyFrom(bytes)));
            bare &= ~Signals.bit(info.getInt(0));
        }
        for (int signal = 1; signal <= Signals.COUNT; signal++) {
            if ((bare & Signals.bit(signal)) != 0) {
                MutableDirectBuffer info = new UnsafeBuffer(new byte[SignalInfo.LENGTH]);
                info.putInt(0, signal);
                queue.addSignals(SiginfoEntry.newBuilder().setSiginfo(ByteString.copyFrom(info.byteArray())));
            }
        }
        return queue.build();
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        validate(process.pstree().getPid(), process.core().getTc().getSignalsS(), refusals);
        for (int i = 0; i < process.cores().size(); i++) {
            CoreEntry core = process.cores().get(i);
            validate(process.pstree().getThreads(i), core.getThreadCore().getSignalsP(), refusals);
        }
    }

    private static void validate(int tid, SignalQueueEntry queue, Refusals refusals) {
        for (SiginfoEntry entry : queue.getSignalsList()) {
            if (entry.getSiginfo().size() != SignalInfo.LENGTH) {
                String reason = "has " + entry.getSiginfo().size() + " bytes instead of " + SignalInfo.LENGTH;
                refusals.add(tid, "pending signal", reason, "");
            } else if (signal(entry) < 1 || signal(entry) > Signals.COUNT) {
                refusals.add(tid, SIGNAL + signal(entry), "no such signal", "");
            }
        }
    }

    /** All but SIGCHLD go at once: there may be many, and the kept program is short. */
    @Override
    public void compileThread(ThreadRestore thread, ContextBuilder context) {
        boolean addressed = false;
        for (SiginfoEntry entry : own(thread)) {
            if (isSendable(entry)) {
                addressed = addressed || address(context.item(Item.PENDING_SIGNAL.tag()));
                sendToThread(entry, context.item(Item.PENDING_SIGNAL.tag(signal(entry))));
            }
        }
        for (SiginfoEntry entry : shared(thread)) {
            if (isSendable(entry)) {
                addressed = addressed || address(context.item(Item.PENDING_SIGNAL.tag()));
                sendToProcess(entry, context.item(Item.PENDING_SIGNAL.tag(signal(entry))));
            }
        }
    }

    @Override
    public void compileSignals(ThreadRestore thread, ProgramBuilder kept) {
        if (thread.isFirst() && thread.process().mayHaveChildren()) {
            dropStrayChildSignal(kept);
        }
        kept.tag(Item.PENDING_SIGNAL.tag(Signals.SIGCHLD));
        for (SiginfoEntry entry : own(thread)) {
            if (signal(entry) == Signals.SIGCHLD) {
                address(kept);
                sendToThread(entry, kept);
            }
        }
        for (SiginfoEntry entry : shared(thread)) {
            if (signal(entry) == Signals.SIGCHLD) {
                address(kept);
                sendToProcess(entry, kept);
            }
        }
    }

    private static List<SiginfoEntry> own(ThreadRestore thread) {
        return thread.core().getThreadCore().getSignalsP().getSignalsList();
    }

    private static List<SiginfoEntry> shared(ThreadRestore thread) {
        return thread.isFirst() ? thread.process().core().getTc().getSignalsS().getSignalsList() : List.of();
    }

    /** Finds out whom to send to. */
    private static boolean address(ProgramBuilder program) {
        program.call(SyscallNumber.GETPID).store(OWN_PID);
        program.call(SyscallNumber.GETTID).store(OWN_TID);
        return true;
    }

    private static void sendToProcess(SiginfoEntry entry, ProgramBuilder program) {
        int info = program.bytes(entry.getSiginfo().toByteArray());
        program.call(SyscallNumber.RT_SIGQUEUEINFO)
                .register(OWN_PID)
                .value(signal(entry))
                .data(info);
    }

    private static void sendToThread(SiginfoEntry entry, ProgramBuilder program) {
        int info = program.bytes(entry.getSiginfo().toByteArray());
        program.call(SyscallNumber.RT_TGSIGQUEUEINFO)
                .register(OWN_PID)
                .register(OWN_TID)
                .value(signal(entry))
                .data(info);
    }

    /** The death of a zombie-to-be or of a helper told its parent; the program is not to hear of it. */
    private static void dropStrayChildSignal(ProgramBuilder kept) {
        kept.tag(Item.CHILD_SIGNAL.tag());
        int set = kept.longs(Signals.bit(Signals.SIGCHLD));
        int noTime = kept.longs(0, 0);
        kept.call(SyscallNumber.RT_SIGTIMEDWAIT)
                .data(set)
                .value(0)
                .data(noTime)
                .value(Long.BYTES)
                .orErrno(Errno.EAGAIN);
    }

    /** SIGCHLD comes later. The two that cannot be blocked would strike at once, see {@link #isToBeStopped}. */
    private static boolean isSendable(SiginfoEntry entry) {
        int signal = signal(entry);
        return signal != Signals.SIGKILL && signal != Signals.SIGSTOP && signal != Signals.SIGCHLD;
    }

    /** Whether a SIGSTOP is pending: the process has to be sent one after the gate. */
    public static boolean isToBeStopped(CoreEntry core) {
        return hasStop(core.getTc().getSignalsS())
                || hasStop(core.getThreadCore().getSignalsP());
    }

    /** Whether it is one that we had left stopped: its stop is ours, see {@link StopMark}. */
    public static boolean isLeftStopped(List<CoreEntry> cores) {
        return hasMark(cores.get(0).getTc().getSignalsS())
                || cores.stream().anyMatch(core -> hasMark(core.getThreadCore().getSignalsP()));
    }

    private static boolean hasMark(SignalQueueEntry queue) {
        for (SiginfoEntry entry : queue.getSignalsList()) {
            if (entry.getSiginfo().size() == SignalInfo.LENGTH
                    && StopMark.isMark(new UnsafeBuffer(entry.getSiginfo().toByteArray()))) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasStop(SignalQueueEntry queue) {
        for (SiginfoEntry entry : queue.getSignalsList()) {
            if (signal(entry) == Signals.SIGSTOP) {
                return true;
            }
        }
        return false;
    }

    private static int signal(SiginfoEntry entry) {
        return entry.getSiginfo()
                .asReadOnlyByteBuffer()
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getInt();
    }
}
