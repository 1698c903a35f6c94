/** Programs of system calls: their encoding, the assembler that writes them and the disassembler that prints them. */
@NullMarked
package io.baton.task.program;

import org.jspecify.annotations.NullMarked;
