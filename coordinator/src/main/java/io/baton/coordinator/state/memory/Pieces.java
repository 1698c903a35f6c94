package io.baton.coordinator.state.memory;

import java.util.ArrayList;
import java.util.List;

/** Lists of pieces in ascending order of addresses, no two of which overlap. */
final class Pieces {
    private Pieces() {}

    /** All of one list, and of the other what the first leaves free. */
    static List<Piece> union(List<Piece> first, List<Piece> second) {
        if (first.isEmpty()) {
            return second;
        } else if (second.isEmpty()) {
            return first;
        }
        List<Piece> rest = without(second, first, false);
        List<Piece> all = new ArrayList<>(first.size() + rest.size());
        int next = 0;
        for (Piece piece : first) {
            while (next < rest.size() && rest.get(next).start() < piece.start()) {
                append(all, rest.get(next++));
            }
            append(all, piece);
        }
        while (next < rest.size()) {
            append(all, rest.get(next++));
        }
        return all;
    }

    /** What of some pieces is not among others with the same contents. */
    static List<Piece> missing(List<Piece> wanted, List<Piece> present) {
        return present.isEmpty() ? wanted : without(wanted, present, true);
    }

    /** What of some pieces lies at addresses where others have none. */
    static List<Piece> outside(List<Piece> pieces, List<Piece> others) {
        return others.isEmpty() ? pieces : without(pieces, others, false);
    }

    private static List<Piece> without(List<Piece> pieces, List<Piece> others, boolean onlyEqual) {
        List<Piece> left = new ArrayList<>();
        int next = 0;
        for (Piece piece : pieces) {
            long at = piece.start();
            while (at < piece.end()) {
                while (next < others.size() && others.get(next).end() <= at) {
                    next++;
                }
                if (next == others.size() || others.get(next).start() >= piece.end()) {
                    append(left, piece.part(at, piece.end()));
                    break;
                }
                Piece other = others.get(next);
                if (other.start() > at) {
                    append(left, piece.part(at, other.start()));
                    at = other.start();
                }
                long to = Math.min(piece.end(), other.end());
                if (onlyEqual && !piece.agrees(other)) {
                    append(left, piece.part(at, to));
                }
                at = to;
            }
        }
        return left;
    }

    /** Adds a piece behind all others, as one with the last if it continues that. */
    static void append(List<Piece> pieces, Piece piece) {
        int last = pieces.size() - 1;
        if (last >= 0 && pieces.get(last).precedes(piece)) {
            Piece before = pieces.get(last);
            pieces.set(last, new Piece(before.start(), piece.end(), before.file(), before.offset(), before.vma()));
        } else {
            pieces.add(piece);
        }
    }
}
