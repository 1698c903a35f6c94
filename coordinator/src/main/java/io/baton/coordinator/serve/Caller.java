package io.baton.coordinator.serve;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Who asks, and for what.
 *
 * @param arguments the user's command line
 * @param environment its variables
 * @param directory its working directory
 * @param umask of the files it makes
 * @param columns of the terminal its standard error is; 0: it is none
 */
public record Caller(List<String> arguments, Map<String, String> environment, Path directory, int umask, int columns) {}
