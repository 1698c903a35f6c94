package io.baton.coordinator;

import io.baton.coordinator.progress.SuspendOutcome;
import io.baton.coordinator.suspend.SuspendOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The suspend protocol as its text has it (REFERENCES.md, section 6), for a tree whose processes behave in known ways: how each
 * one's turn ends, what it is told, and who is told before whom. No words, no rounds, no clocks.
 */
final class SuspendReference {
    /** What a process of {@code task-suspends} can be. */
    enum Behaviour {
        COMPLETE,
        INSIDE,
        POLL,
        LATE,
        NEVER,
        STUCK,
        POSTPONE,
        REASON,
        CRASH,
        EXIT,
        NONE
    }

    /** A process of the tree; pid is known once it runs. */
    static final class Node {
        final Behaviour behaviour;
        final List<Node> children = new ArrayList<>();
        int pid;

        Node(Behaviour behaviour) {
            this.behaviour = behaviour;
        }

        /** As {@code task-suspends} is told. */
        String spec() {
            String name = behaviour.name().toLowerCase(java.util.Locale.ROOT);
            return children.isEmpty()
                    ? name
                    : name + "("
                            + String.join(",", children.stream().map(Node::spec).toList()) + ")";
        }

        /** It and all below it, parents first. */
        List<Node> all() {
            List<Node> all = new ArrayList<>(List.of(this));
            for (int i = 0; i < all.size(); i++) {
                all.addAll(all.get(i).children);
            }
            return all;
        }
    }

    private SuspendReference() {}

    /** A tree of up to so many processes. Its root stays, or there would be nothing to dump. */
    static Node tree(Random random, int most) {
        List<Node> all = new ArrayList<>(List.of(node(random, true)));
        for (int i = random.nextInt(most); i > 0; i--) {
            Node child = node(random, false);
            all.get(random.nextInt(all.size())).children.add(child);
            all.add(child);
        }
        return all.get(0);
    }

    private static Node node(Random random, boolean stays) {
        Behaviour[] behaviours = Behaviour.values();
        while (true) {
            Behaviour behaviour = behaviours[random.nextInt(behaviours.length)];
            if (!stays || (behaviour != Behaviour.CRASH && behaviour != Behaviour.EXIT)) {
                return new Node(behaviour);
            }
        }
    }

    /** How its turn ends: the steps 1 to 3 of the text. */
    static SuspendOutcome outcome(Behaviour behaviour) {
        return switch (behaviour) {
            // 1. No START SUSPEND callback: postponed to step 3.
            case NONE -> SuspendOutcome.NO_CALLBACK;
            // 2. Its return value says: postpone me.
            case POSTPONE, REASON -> SuspendOutcome.POSTPONED;
            // 2. It calls COMPLETE, and is halted inside that call.
            case COMPLETE, INSIDE, POLL -> SuspendOutcome.COMPLETED;
            // 2. Has not called it within the time limit: to step 3.
            case LATE, NEVER, STUCK -> SuspendOutcome.TIMED_OUT;
            // It is there for no step.
            case CRASH, EXIT -> SuspendOutcome.ENDED;
        };
    }

    /** Whether it is there after the suspend. */
    static boolean lives(Behaviour behaviour) {
        return behaviour != Behaviour.CRASH && behaviour != Behaviour.EXIT;
    }

    /** What it says of a suspend, and of being let run on; restored or continued. */
    static List<String> says(Behaviour behaviour, String released) {
        return switch (behaviour) {
            case NONE -> List.of();
            // Unsuspend: it returns from COMPLETE.
            case COMPLETE, INSIDE, POLL -> List.of("start", released);
            // A COMPLETE from a process not marked IN SUSPEND is ignored.
            case LATE -> List.of("start", "ignored");
            default -> List.of("start");
        };
    }

    /** Those whose turns must be over before its begins. */
    static List<Node> before(Node root, Node node, SuspendOrder order) {
        return switch (order) {
            case PARENTS_FIRST ->
                root.all().stream()
                        .filter(other -> other.children.contains(node))
                        .toList();
            case CHILDREN_FIRST -> node.children;
            case ALL_AT_ONCE -> List.of();
        };
    }
}
