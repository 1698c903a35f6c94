package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Our messages against the tables of the format. */
class TablesTest {
    private static final int FIRST_OF_BATON = 1000;

    private static List<String[]> rows(String table) throws IOException {
        List<String[]> rows = new ArrayList<>();
        for (String line :
                Files.readAllLines(Fixtures.shared("criu-image-format").resolve(table))) {
            rows.add(Arrays.copyOf(line.split("\t", -1), 7));
        }
        return rows.subList(1, rows.size());
    }

    private static String camel(String name) {
        return switch (name) {
            case "lsmtype" -> "LsmType";
            case "fstype" -> "FsType";
            case "CRIU_Opts" -> "CriuOpts";
            default ->
                Arrays.stream(name.split("_"))
                        .map(part -> Character.toUpperCase(part.charAt(0)) + part.substring(1))
                        .collect(Collectors.joining());
        };
    }

    private static Object descriptor(String className) throws Exception {
        Class<?> type = Class.forName("io.baton.mktree.image.proto." + className);
        Method method = type.getMethod("getDescriptor");
        return method.invoke(null);
    }

    private static EnumDescriptor enumOf(String name) throws Exception {
        int dot = name.indexOf('.');
        return (EnumDescriptor) descriptor(
                dot < 0 ? camel(name) : camel(name.substring(0, dot)) + '$' + camel(name.substring(dot + 1)));
    }

    @Test
    void shouldHaveEveryFieldOfEveryMessageAndNoOther() throws Exception {
        Map<String, List<String>> expected = new TreeMap<>();
        for (String[] row : rows("messages.tsv")) {
            String type =
                    row[4].startsWith("enum ") ? enumOf(row[4].substring(5)).getName() : row[4];
            type = type.matches("(u|s)?int(32|64)|fixed64|bool|string|bytes") ? type : camel(type);
            expected.computeIfAbsent(row[0], key -> new ArrayList<>())
                    .add(row[1] + " " + row[3] + " " + type + " " + row[2] + " " + row[6].toLowerCase(Locale.ROOT));
        }
        assertEquals(158, expected.size());
        for (Map.Entry<String, List<String>> message : expected.entrySet()) {
            List<String> found = ((Descriptor) descriptor(camel(message.getKey())))
                    .getFields().stream()
                            .filter(field -> field.getNumber() < FIRST_OF_BATON)
                            .sorted(Comparator.comparing(FieldDescriptor::getNumber))
                            .map(TablesTest::show)
                            .toList();
            List<String> wanted = new ArrayList<>(message.getValue());
            wanted.sort(Comparator.comparing(row -> Integer.parseInt(row.substring(0, row.indexOf(' ')))));
            assertEquals(wanted, found, message.getKey());
        }
    }

    private static String show(FieldDescriptor field) {
        String label = field.isRepeated() ? "repeated" : field.isRequired() ? "required" : "optional";
        String type = switch (field.getType()) {
            case MESSAGE -> field.getMessageType().getName();
            case ENUM -> field.getEnumType().getName();
            default -> field.getType().name().toLowerCase(Locale.ROOT);
        };
        Object value = "";
        if (field.hasDefaultValue()) {
            value = field.getDefaultValue();
            if (value instanceof com.google.protobuf.Descriptors.EnumValueDescriptor constant) {
                value = constant.getNumber();
            } else if (value instanceof Integer number && field.getType() == FieldDescriptor.Type.UINT32) {
                value = Integer.toUnsignedString(number);
            }
        }
        return field.getNumber() + " " + label + " " + type + " " + field.getName() + " " + value;
    }

    @Test
    void shouldHaveEveryEnumValue() throws Exception {
        for (String[] row : rows("enums.tsv")) {
            EnumDescriptor type = enumOf(row[0]);
            assertNotNull(type.findValueByName(row[2]), row[0] + "." + row[2]);
            assertEquals(Integer.parseInt(row[1]), type.findValueByName(row[2]).getNumber(), row[2]);
        }
    }

    @Test
    void shouldKnowEveryFile() throws Exception {
        int known = 0;
        for (String[] row : rows("files.tsv")) {
            if (row[0].isEmpty() || row[2].equals("-")) {
                continue;
            }
            String id = row[0].contains("%s") ? "dump" : row[0].contains("%x") ? "1a" : "26";
            String fileName = row[0].replaceAll("%l?[usx]", id);
            ImageName name = ImageKind.parse(fileName);
            assertNotNull(name, fileName);
            assertEquals(fileName, name.kind().fileName(name.id()));
            assertTrue(name.id() == 26 || !name.kind().hasId(), fileName);
            assertEquals(row[1], name.kind().magicName());
            assertEquals(Integer.decode(row[2]), name.kind().magic());
            String message = row[3].replace("pagemap_handler", "pagemap_head").replace("file_handler", "file_entry");
            assertEquals(
                    camel(message),
                    name.kind().prototype(0).getDescriptorForType().getName());
            known++;
        }
        assertEquals(65, known);
    }

    @Test
    void shouldKnowNoOtherNames() {
        for (String name : List.of(
                "pages-1.img",
                "core-.img",
                "core-1.img.bak",
                "core-01.img",
                "core--1.img",
                "core-x.img",
                "ghost-file-G.img",
                "",
                "-",
                "core-99999999999999999999.img",
                "pstree-1.img",
                "route-9.img")) {
            assertEquals(null, ImageKind.parse(name), name);
        }
        assertEquals(
                new ImageName(ImageKind.PAGEMAP_SHMEM, 7, "pagemap-shmem-7.img"),
                ImageKind.parse("pagemap-shmem-7.img"));
    }
}
