package io.baton.coordinator.bench;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A command as words: blanks divide, quotes of both kinds do not; no shell sees it, for its start would be measured too. */
final class Words {
    private Words() {}

    static List<String> split(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean inWord = false;
        char quote = 0;
        for (int i = 0; i < command.length(); i++) {
            char c = command.charAt(i);
            if (quote != 0 ? c == quote : c == '"' || c == '\'') {
                quote = quote == 0 ? c : 0;
                inWord = true;
            } else if (quote == 0 && Character.isWhitespace(c)) {
                if (inWord) {
                    words.add(word.toString());
                }
                word.setLength(0);
                inWord = false;
            } else {
                word.append(c);
                inWord = true;
            }
        }
        if (quote != 0) {
            throw new UsageException("a quote is not closed: " + command, "close it");
        }
        if (inWord) {
            words.add(word.toString());
        }
        if (words.isEmpty()) {
            throw new UsageException("a command is empty", "give one");
        }
        return words;
    }

    /** Puts values in the place of {@code {name}}. */
    static List<String> fill(List<String> words, Map<String, String> values) {
        List<String> filled = new ArrayList<>(words.size());
        for (String word : words) {
            String text = word;
            for (Map.Entry<String, String> value : values.entrySet()) {
                text = text.replace("{" + value.getKey() + "}", value.getValue());
            }
            filled.add(text);
        }
        return filled;
    }

    /** The executable of a name, as a shell would find it. */
    static String executable(String name) {
        if (name.indexOf('/') >= 0) {
            if (Files.isExecutable(Path.of(name))) {
                return Path.of(name).toAbsolutePath().toString();
            }
        } else {
            for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
                Path file = Path.of(directory.isEmpty() ? "." : directory, name);
                if (Files.isExecutable(file) && !Files.isDirectory(file)) {
                    return file.toString();
                }
            }
        }
        throw new UsageException("no such program: " + name, "give its path");
    }
}
