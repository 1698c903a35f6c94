package io.baton.coordinator.serve;

/**
 * Packets between server and client, little endian; {@code native/client.h} has the same. The first byte of each says what
 * it is.
 *
 * <pre>
 *    0               1               2               3
 *    0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7
 *   +---------------+-----------------------------------------------+
 *   | H             |                                               |
 *   +---------------+-----------------------------------------------+
 *   | version, columns of the terminal, securebits, user's arguments: 4 bytes each
 *   +---------------------------------------------------------------+
 *   | L             |          (8 bytes), flags of clone3 (8 bytes) |
 *   +---------------------------------------------------------------+
 *   | name (16 bytes), numbers of 8 descriptors (4 bytes each)      |
 *   +---------------------------------------------------------------+
 *   | R, A, X       |                               a number at 4   |
 *   +---------------------------------------------------------------+
 * </pre>
 */
final class ClientDescriptor {
    static final int VERSION = 1;

    static final byte HELLO = 'H';
    static final byte CANCEL = 'C';
    static final byte LAUNCHED = 'L';
    static final byte REAPED = 'W';
    /** Of {@code baton serve --status} and {@code --stop} instead of a hello. */
    static final byte STATUS = 'Q';

    static final byte STOP = 'T';

    static final byte FALL_BACK = 'F';
    static final byte BEGUN = 'B';
    static final byte OUT = 'O';
    static final byte ERR = 'E';
    static final byte LAUNCH = 'L';
    static final byte REAP = 'R';
    static final byte AWAIT = 'A';
    static final byte EXIT = 'X';

    static final int HELLO_LENGTH = 20;
    static final int HELLO_VERSION_OFFSET = 4;
    static final int HELLO_COLUMNS_OFFSET = 8;
    static final int HELLO_SECURE_BITS_OFFSET = 12;
    static final int HELLO_ARGUMENTS_OFFSET = 16;

    static final int LAUNCH_LENGTH = 64;
    static final int LAUNCH_FLAGS_OFFSET = 8;
    static final int LAUNCH_NAME_OFFSET = 16;
    static final int LAUNCH_NAME_LENGTH = 16;
    static final int LAUNCH_NUMBERS_OFFSET = 32;
    static final int MOST_LAUNCHED = 8;

    static final int NUMBER_LENGTH = 8;
    static final int NUMBER_OFFSET = 4;

    static final int REAPED_RESULT_OFFSET = 4;
    static final int REAPED_STATUS_OFFSET = 8;

    private ClientDescriptor() {}
}
