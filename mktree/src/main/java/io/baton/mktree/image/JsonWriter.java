package io.baton.mktree.image;

import java.io.IOException;

/** Writes JSON as Python's {@code json.dump(indent=1)} does: one space a level, ASCII only, an empty list as []. */
public final class JsonWriter {
    private final Appendable out;
    private int depth;
    private boolean first = true;
    private boolean afterName;

    /** A writer that appends to {@code out}. */
    public JsonWriter(Appendable out) {
        this.out = out;
    }

    /** Begins an object or a list, by its opening bracket. */
    public JsonWriter begin(char bracket) throws IOException {
        separate();
        out.append(bracket);
        depth++;
        first = true;
        return this;
    }

    /** Ends it, by its closing bracket. */
    public JsonWriter end(char bracket) throws IOException {
        depth--;
        if (!first) {
            newLine();
        }
        out.append(bracket);
        first = false;
        return this;
    }

    /** The name of the value that follows. */
    public JsonWriter name(String name) throws IOException {
        string(name);
        out.append(": ");
        afterName = true;
        return this;
    }

    /** A number, true or false. */
    public JsonWriter literal(Object value) throws IOException {
        separate();
        out.append(value.toString());
        return this;
    }

    /** A string. */
    public JsonWriter string(String value) throws IOException {
        beginString().part(value);
        return endString();
    }

    /** Begins a string that comes in parts. */
    JsonWriter beginString() throws IOException {
        separate();
        out.append('"');
        return this;
    }

    JsonWriter part(String value) throws IOException {
        for (int i = 0; i < value.length(); i++) {
            character(value.charAt(i));
        }
        return this;
    }

    JsonWriter endString() throws IOException {
        out.append('"');
        return this;
    }

    private void separate() throws IOException {
        if (afterName) {
            afterName = false;
        } else if (depth > 0) {
            if (!first) {
                out.append(',');
            }
            newLine();
        }
        first = false;
    }

    private void newLine() throws IOException {
        out.append('\n');
        for (int i = 0; i < depth; i++) {
            out.append(' ');
        }
    }

    private void character(char c) throws IOException {
        switch (c) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '\b' -> out.append("\\b");
            case '\f' -> out.append("\\f");
            default -> {
                if (c >= ' ' && c < 0x7f) {
                    out.append(c);
                } else {
                    out.append(String.format("\\u%04x", (int) c));
                }
            }
        }
    }
}
