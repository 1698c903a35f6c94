package io.baton.coordinator.cli;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Makes one jar of a jar and all that its manifest's class path names, nothing in it compressed. The JVM opens and checks
 * every jar of the class path at every start, be all classes out of the archive: for seventeen of them that takes half
 * as long as the rest of its start. The launcher runs this once after a build.
 */
final class StartJar {
    private static final String MANIFEST = "META-INF/MANIFEST.MF";
    private static final String SERVICES = "META-INF/services/";
    private static final String NATIVE = "io/baton/native/";
    private static final int MODIFIED_MILLIS = 0;

    private final Map<String, byte[]> files = new LinkedHashMap<>();

    private StartJar() {}

    /** Takes the jar to begin with, the jar to write, and a directory for what is read without a jar. */
    public static void main(String[] args) throws IOException, ReflectiveOperationException {
        Path first = Path.of(args[0]);
        StartJar all = new StartJar();
        all.addManifest(first);
        for (Path jar : jars(first)) {
            all.add(jar);
        }
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(Path.of(args[1])))) {
            all.write(out);
        }
        Path directory = Files.createDirectories(Path.of(args[2]));
        Files.writeString(directory.resolve(OptionTable.FILE), OptionTable.text());
        for (Map.Entry<String, byte[]> file : all.files.entrySet()) {
            // Not those of folders below, which no start needs.
            if (file.getKey().startsWith(NATIVE) && file.getKey().lastIndexOf('/') < NATIVE.length()) {
                Files.write(directory.resolve(file.getKey().substring(NATIVE.length())), file.getValue());
            }
        }
    }

    /** The jar, and those of its class path. */
    private static List<Path> jars(Path first) throws IOException {
        List<Path> jars = new ArrayList<>(List.of(first));
        try (JarFile jar = new JarFile(first.toFile())) {
            String path = jar.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            if (path != null) {
                for (String name : path.split(" ")) {
                    jars.add(first.resolveSibling(name));
                }
            }
        }
        return jars;
    }

    private void addManifest(Path first) throws IOException {
        try (JarFile jar = new JarFile(first.toFile())) {
            Manifest manifest = new Manifest(jar.getManifest());
            manifest.getMainAttributes().remove(Attributes.Name.CLASS_PATH);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            manifest.write(bytes);
            files.put(MANIFEST, bytes.toByteArray());
        }
    }

    private void add(Path path) throws IOException {
        try (JarFile jar = new JarFile(path.toFile())) {
            for (Enumeration<? extends ZipEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                if (isWanted(entry)) {
                    // As on a class path the first one is found; but services are looked for in all.
                    files.merge(
                            entry.getName(),
                            jar.getInputStream(entry).readAllBytes(),
                            (older, newer) -> entry.getName().startsWith(SERVICES) ? joined(older, newer) : older);
                }
            }
        }
    }

    /** Not what belongs to a single jar: signatures, module descriptors, classes for certain JVMs, C libraries. */
    private static boolean isWanted(ZipEntry entry) {
        String name = entry.getName();
        return !entry.isDirectory()
                && !name.startsWith("META-INF/versions/")
                && !name.startsWith("META-INF/maven/")
                && !name.endsWith("module-info.class")
                && !name.endsWith(".SF")
                && !name.endsWith(".RSA")
                && !(name.startsWith("com/sun/jna/") && !name.endsWith(".class"));
    }

    private static byte[] joined(byte[] older, byte[] newer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(older);
        bytes.write('\n');
        bytes.writeBytes(newer);
        return bytes.toByteArray();
    }

    private void write(OutputStream out) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setMethod(ZipOutputStream.STORED);
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                ZipEntry entry = new ZipEntry(file.getKey());
                CRC32 sum = new CRC32();
                sum.update(file.getValue());
                entry.setTime(MODIFIED_MILLIS);
                entry.setSize(file.getValue().length);
                entry.setCrc(sum.getValue());
                zip.putNextEntry(entry);
                new ByteArrayInputStream(file.getValue()).transferTo(zip);
                zip.closeEntry();
            }
        }
    }
}
