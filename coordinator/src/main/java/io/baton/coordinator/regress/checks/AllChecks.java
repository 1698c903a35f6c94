package io.baton.coordinator.regress.checks;

import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Need;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;

/** The whole suite, in its order. */
public final class AllChecks {
    private AllChecks() {}

    /** All checks. */
    public static List<Check> list() {
        List<Check> all = new ArrayList<>();
        all.addAll(CreationChecks.list());
        all.addAll(EndChecks.list());
        all.addAll(GroupChecks.list());
        all.addAll(SignalChecks.list());
        all.addAll(TraceChecks.list());
        all.addAll(SeccompChecks.list());
        all.addAll(MemoryChecks.list());
        all.addAll(LayoutChecks.list());
        all.addAll(TimerChecks.list());
        all.addAll(ThreadChecks.list());
        all.addAll(CredentialChecks.list());
        all.addAll(HandleChecks.list());
        all.addAll(FileChecks.list());
        all.addAll(PollChecks.list());
        all.addAll(SocketChecks.list());
        all.addAll(NamespaceChecks.list());
        all.addAll(FreezerChecks.list());
        return List.copyOf(all);
    }

    /** Those that say whether a system will do at all, and how well: for trees of any kind. */
    public static List<Check> ofSystem() {
        return list().stream().filter(check -> check.need() != Need.STATE).toList();
    }

    /**
     * Those whose ids match one of the patterns.
     *
     * @param globs as of a shell; none: all
     */
    public static List<Check> matching(List<String> globs) {
        List<PathMatcher> matchers = globs.stream()
                .map(glob -> FileSystems.getDefault().getPathMatcher("glob:" + glob))
                .toList();
        return list().stream()
                .filter(check -> matchers.isEmpty()
                        || matchers.stream().anyMatch(matcher -> matcher.matches(Path.of(check.id()))))
                .toList();
    }
}
